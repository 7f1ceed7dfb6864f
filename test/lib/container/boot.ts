// A run from an image: the container is as always, but for its root, which is gone afterwards; its own one is
// as it was, and is what comes next.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Container } from 'vpsadminos'
import { arm } from '../../../dist/step.js'
import { busyboxRoot } from '../../helpers/busybox.js'
import { busybox, startedContainer, temporaryHost, text } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { containersOn, onZfs } from '../../helpers/storage.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const pool = host.pools.get('tank').show()
const directory = mkdtempSync(join(tmpdir(), 'boot-'))
t.teardown(() => rmSync(directory, { recursive: true, force: true }))
const path = busyboxRoot(directory)
writeFileSync(join(path, 'etc/rescue'), 'rescue\n')
await host.images.import({ path, distribution: 'rescue', version: '1' })
const rescue = { distribution: 'rescue' }

const ct = await startedContainer(host, {
  id: 'web1',
  memoryLimit: '64 MiB',
  hostname: 'web.example.org',
  dnsResolvers: ['192.0.2.1'],
})
await ct.exec(['sh', '-c', 'echo own >/root/file'])

const rootOf = async (one: Container): Promise<string> =>
  (await one.exec(['sh', '-c', 'cat /etc/rescue /root/file 2>/dev/null; true'])).stdout

/** Nothing is there of a run from an image. */
async function over(t: Test): Promise<void> {
  t.equal(ct.show().booted, null)
  t.same(containersOn(pool), ['web1'])
  t.same((await host.audit()).leftovers, [])
}

await t.test('as always, with another root', async (t) => {
  await t.rejects(ct.boot({ image: rescue }), { code: 'ERR_STATE' }, 'not while it runs')
  const { user, memoryLimit, distribution } = ct.show()
  await ct.boot({ image: rescue, mountRoot: '/mnt/own', force: true })
  t.match(ct.show(), { state: 'running', user, memoryLimit, distribution, init: 'busybox' })
  t.match(ct.show().booted, { distribution: 'rescue', version: '1', mountRoot: '/mnt/own' })
  const look = 'cat /etc/rescue /etc/hostname /mnt/own/root/file; ls -A /root; hostname; id -u'
  t.equal((await ct.exec(['sh', '-c', look])).stdout, 'rescue\nweb\nown\nweb\n0\n')
  t.match((await ct.exec(['cat', '/etc/resolv.conf'])).stdout, /^nameserver 192\.0\.2\.1$/m)
  await ct.push('/root/file', 'gone tomorrow\n')
  t.equal(await text(await ct.pull('/root/file')), 'gone tomorrow\n')
  await ct.exec(['sh', '-c', 'echo mended >/mnt/own/root/file'])
  t.same((await host.audit()).leftovers, [])
})

await t.test('what needs its own root is refused meanwhile', async (t) => {
  await t.rejects(ct.set({ hostname: 'other' }), { code: 'ERR_STATE' })
  t.same((await ct.set({ memoryLimit: '96 MiB' })).applied, ['memoryLimit'])
  await t.rejects(ct.rename('web2'), { code: 'ERR_STATE' })
  await t.rejects(ct.reinstall(), { code: 'ERR_STATE' })
  await t.rejects(ct.delete(), { code: 'ERR_STATE' })
  await t.rejects(host.containers.copy('web1', 'web2'), { code: 'ERR_STATE' })
  await t.rejects(ct.boot({ image: rescue }), { code: 'ERR_STATE' })
  const { id } = host.images.find(rescue)
  if (!onZfs) await t.rejects(host.images.delete(id), { code: 'ERR_IN_USE' })
  t.equal(await rootOf(ct), 'rescue\ngone tomorrow\n')
})

await t.test('stopped, it is over', async (t) => {
  await ct.stop()
  await over(t)
  t.equal(await text(await ct.pull('/root/file')), 'mended\n')
  await ct.start()
  t.equal(await rootOf(ct), 'mended\n')
  await ct.kill()
})

await t.test('so it is when it is killed, and when it ends by itself', async (t) => {
  await ct.boot({ image: rescue })
  await ct.kill()
  await over(t)
  await ct.boot({ image: rescue })
  await ct.exec(['poweroff'])
  await ct.wait('stopped')
  await ct.start()
  t.equal(await rootOf(ct), 'mended\n')
  await over(t)
})

await t.test('a reboot goes back to its own root', async (t) => {
  await ct.boot({ image: rescue, mountRoot: '/mnt', force: true })
  await ct.set({ prlimits: { nofile: { soft: 512, hard: 2048 } } })
  await ct.reboot()
  t.equal(await rootOf(ct), 'mended\n')
  t.equal((await ct.exec(['sh', '-c', 'ulimit -n'])).stdout, '512\n')
  await until(async () => ct.show().booted === null && (await host.audit()).leftovers.length === 0)
  await until(() => containersOn(pool).length === 1)
  await ct.reboot()
  t.equal(await rootOf(ct), 'mended\n')
})

await t.test('from one image into the next', async (t) => {
  await ct.boot({ image: rescue, force: true })
  await ct.push('/root/file', 'first\n')
  await ct.boot({ image: rescue, force: true })
  t.equal(await rootOf(ct), 'rescue\n')
  const { stop } = await ct.restart()
  t.not(stop.rung, 'none')
  t.equal(await rootOf(ct), 'mended\n')
  await ct.kill()
  await over(t)
})

await t.test('what is wrong leaves nothing', async (t) => {
  const missing = { image: { distribution: 'hurd' } }
  await t.rejects(ct.boot(missing), { code: 'ERR_NOT_FOUND', kind: 'image' })
  await t.rejects(ct.boot({ mountRoot: '/proc/x' }), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.boot({ surprise: 1 } as object), { code: 'ERR_INVALID_ARGUMENT' })
  if (!onZfs) {
    await t.rejects(ct.boot({ dataset: { refquota: '1 GiB' } }), { code: 'ERR_UNSUPPORTED' })
  }
  const reason = new Error('enough')
  await t.rejects(ct.boot({ image: rescue, signal: AbortSignal.abort(reason) }), reason)
  await over(t)
  await ct.set({ initCmd: ['/bin/nothing'] })
  await t.rejects(ct.boot({ image: rescue }), { code: 'ERR_CONTAINER_START' })
  await over(t)
  await ct.unset('initCmd')
  await ct.start()
  t.equal(await rootOf(ct), 'mended\n')
  t.same(host.locks(), [])
})

await t.test('a keeper that is killed takes nothing of it along', async (t) => {
  await ct.boot({ image: rescue, force: true })
  const before = await host.keeperPid()
  process.kill(before, 'SIGKILL')
  await until(async () => (await host.keeperPid().catch(() => before)) !== before)
  t.match(ct.show(), { state: 'running', booted: { distribution: 'rescue' } })
  t.equal(await rootOf(ct), 'rescue\n')
  await ct.exec(['reboot'])
  await until(async () => (await rootOf(ct).catch(() => '')) === 'mended\n')
  await until(() => containersOn(pool).length === 1)
})

await t.test('what could not be removed is told, and goes with the next start', async (t) => {
  await ct.boot({ image: rescue, force: true })
  arm({ how: 'fail', step: 'boot.removed' })
  await t.rejects(ct.kill(), { code: 'ERR_FAULT' })
  t.match(ct.show(), { state: 'stopped', booted: null })
  await t.rejects(ct.rename('web2'), { code: 'ERR_STATE' })
  await ct.start()
  t.equal(await rootOf(ct), 'mended\n')
  await ct.kill()
  await over(t)
})

await t.test('deleted with the run', async (t) => {
  await ct.boot({ image: rescue, force: true })
  const { leftovers } = await ct.delete({ force: true })
  t.same(leftovers, [])
  t.same(containersOn(pool), [])
  t.same((await host.audit()).leftovers, [])
})

await t.test('in directories that are copied', { skip: onZfs && 'on ZFS' }, async (t) => {
  const copied = await temporaryHost(t, { cloneMode: 'copy' })
  const ct = await copied.containers.create({ id: 'web1', image: busybox })
  await ct.push('/root/file', 'own\n')
  await ct.boot({ mountRoot: '/mnt' })
  t.equal((await ct.exec(['cat', '/mnt/root/file'])).stdout, 'own\n')
  t.equal((await ct.exec(['ls', '-A', '/root'])).stdout, '')
  await ct.exec(['sh', '-c', 'echo mended >/mnt/root/file'])
  await ct.kill()
  t.equal(await text(await ct.pull('/root/file')), 'mended\n')
  t.same(containersOn(copied.pools.get('tank').show()), ['web1'])
})
