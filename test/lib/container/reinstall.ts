// A container that is reinstalled is the same one, with the files of an image and nothing else.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { arm } from '../../../dist/step.js'
import { busyboxRoot } from '../../helpers/busybox.js'
import { busybox, startedContainer, temporaryHost, text } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { containersOn, onZfs } from '../../helpers/storage.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const pool = host.pools.get('tank').show()
const directory = mkdtempSync(join(tmpdir(), 'reinstall-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const path = busyboxRoot(directory)
writeFileSync(join(path, 'etc/second'), 'second\n')
await host.images.import({ path, distribution: 'second', version: '2' })
const second = { distribution: 'second' }

await t.test('another rootfs, the same container', async (t) => {
  const ct = await startedContainer(host, {
    id: 'web1',
    memoryLimit: '64 MiB',
    hostname: 'web.example.org',
    dnsResolvers: ['192.0.2.1'],
  })
  await ct.exec(['sh', '-c', 'echo old >/root/file'])
  await t.rejects(ct.reinstall({ image: second }), { code: 'ERR_STATE' }, 'not while it runs')
  await ct.kill()
  const { user, memoryLimit, hostname } = ct.show()
  const { uidMap } = ct.user
  await ct.reinstall({ image: second })
  t.match(ct.show(), { user, memoryLimit, hostname, distribution: 'second', version: '2' })
  t.equal(ct.user.uidMap, uidMap)
  t.match(ct.show().image, /^second-2-/)
  await ct.start()
  const look = 'cat /etc/second /etc/hostname; grep nameserver /etc/resolv.conf; ls -A /root'
  t.equal((await ct.exec(['sh', '-c', look])).stdout, 'second\nweb\nnameserver 192.0.2.1\n')
  await ct.kill()
  t.match(containersOn(pool), ['web1'])
  t.same((await host.audit()).leftovers, [])
  if (!onZfs) t.same(readdirSync(join(pool.path, 'trash')), [])
})

await t.test('again, with the image that it has', async (t) => {
  const ct = host.containers.get('web1')
  await ct.push('/root/file', 'old\n')
  await ct.reinstall()
  t.match(ct.show(), { distribution: 'second', version: '2', memoryLimit: 64 * 2 ** 20 })
  await t.rejects(ct.pull('/root/file'))
  t.equal(await text(await ct.pull('/etc/hostname')), 'web\n')
})

await t.test('what is set while it waits is in the new one', async (t) => {
  const ct = host.containers.get('web1')
  const { record } = ct
  const op = record.beside('test', {})
  const settings = await record.lockSettings(op)
  const reinstalling = ct.reinstall({ wait: Infinity })
  await until(() => host.locks().some(({ waiters }) => waiters.length > 0))
  record.config = await record.file.update({ hostname: 'later.example.org' })
  settings[Symbol.dispose]()
  op[Symbol.dispose]()
  await reinstalling
  t.equal(await text(await ct.pull('/etc/hostname')), 'later\n')
  await ct.set({ hostname: 'web.example.org' })
})

await t.test('one that fails at its end is finished by the next one', async (t) => {
  const ct = host.containers.get('web1')
  for (const step of ['reinstall.replacing', 'reinstall.replaced'] as const) {
    arm({ how: 'fail', step })
    await t.rejects(ct.reinstall(), { code: 'ERR_FAULT', step })
    await t.rejects(ct.start(), { code: 'ERR_STATE', state: 'half reinstalled' })
    await ct.reinstall()
    await ct.start()
    await ct.kill()
  }
  t.same((await host.audit()).leftovers, [])
})

await t.test('what is wrong is told before anything is changed', async (t) => {
  const ct = host.containers.get('web1')
  await ct.push('/root/file', 'kept\n')
  const missing = { image: { distribution: 'hurd' } }
  await t.rejects(ct.reinstall(missing), { code: 'ERR_NOT_FOUND', kind: 'image' })
  const surprise = { surprise: 1 } as object
  await t.rejects(ct.reinstall(surprise), { code: 'ERR_INVALID_ARGUMENT' })
  const reason = new Error('enough')
  const aborted = { signal: AbortSignal.abort(reason) }
  await t.rejects(ct.reinstall(aborted), reason)
  if (onZfs) {
    await ct.snapshots.create('before')
    await t.rejects(ct.reinstall(), { code: 'ERR_IN_USE', users: ['snapshot before'] })
    t.equal(await text(await ct.pull('/root/file')), 'kept\n')
    await ct.reinstall({ removeSnapshots: true })
    t.same(await ct.snapshots.list(), [])
    await t.rejects(ct.pull('/root/file'))
  } else {
    t.equal(await text(await ct.pull('/root/file')), 'kept\n')
  }
  t.same(host.locks(), [])
})

await t.test('its events, and an image that is needed no more', async (t) => {
  const ct = host.containers.get('web1')
  const told = (async () => {
    for await (const event of host.events()) if (event.type === 'reinstalled') return event
    return null
  })()
  await ct.reinstall({ image: busybox })
  t.match(await told, { pool: 'tank', id: 'web1' })
  await host.images.delete(host.images.find(second).id)
  await ct.start()
  t.equal((await ct.exec(['cat', '/etc/hostname'])).stdout, 'web\n')
  await ct.delete({ force: true })
  t.same((await host.audit()).leftovers, [])
})
