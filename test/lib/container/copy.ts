// A copy is as the container was, needs it no more, and has ids of its own; what runs is brought to rest for it
// and goes on.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Container } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { startedContainer, temporaryHost, text } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { containersOn, onZfs, plantOn } from '../../helpers/storage.js'
import { upTo } from '../../helpers/time.js'
import { zfs } from '../../helpers/zpool.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const pool = host.pools.get('tank').show()
const cgroups = Cgroups.mounted()
t.teardown(() => cgroups.close())
const elsewhere = mkdtempSync(join(tmpdir(), 'copy-'))
t.teardown(() => rmSync(elsewhere, { recursive: true, force: true }))

const sh = async (ct: Container, script: string): Promise<string> =>
  (await ct.exec(['sh', '-c', script])).stdout

/** What a copy may leave behind: snapshots, and marks in files. */
const traces = (): string[] => [
  ...(onZfs ? zfs('list', '-Ho', 'name', '-t', 'snapshot', '-r', `${pool.dataset}/ct`) : '')
    .split('\n')
    .filter((name) => name.includes('osctl-copy')),
  ...readdirSync(join(pool.path, 'conf/ct')).filter((name) =>
    /copying|staged/.test(readFileSync(join(pool.path, 'conf/ct', name), 'utf8')),
  ),
]

/** All that a copy must keep of a tree. */
const MAKE = `
  mkdir -p /root/dir && echo kept >/root/dir/file && chown 1000:2000 /root/dir/file
  chmod 4751 /root/dir/file && ln /root/dir/file /root/link && ln -s /etc/passwd /root/symlink
  rm /etc/passwd && rm -r /usr && mkdir /usr && mkfifo /root/fifo`
const LOOK = `
  cat /root/dir/file; stat -c '%a %u:%g %h' /root/dir/file; readlink /root/symlink
  test -p /root/fifo && echo fifo; ls /etc/passwd 2>&1; ls -A /usr`

const original = await startedContainer(host, {
  id: 'original',
  memoryLimit: '64 MiB',
  initCmd: ['/sbin/init'],
  dnsResolvers: ['192.0.2.1'],
})
await sh(original, MAKE)
const looks = await sh(original, LOOK)
await original.kill()
await original.set({ netif: { type: 'bridge', link: 'none0', hwaddr: '00:16:3e:12:34:56' } })

await t.test('of one that is stopped', async (t) => {
  t.match(looks, /^kept\n4751 1000:2000 2\n\/etc\/passwd\nfifo\n.*No such file or directory\n$/)
  const source = await host.containers.copy('original', 'source')
  const ct = await host.containers.copy('source', 'copy', { networkInterfaces: false })
  const { memoryLimit, initCmd, dnsResolvers, prlimits, image } = original.show()
  t.match(ct.show(), { memoryLimit, initCmd, dnsResolvers, prlimits, image, netif: null })
  t.match(source.show().netif, { name: 'eth0', link: 'none0', hwaddr: null })
  t.match(original.show().netif, { hwaddr: '00:16:3e:12:34:56' })
  t.not(ct.user, source.user)
  t.notSame(ct.user.uidMap, source.user.uidMap, 'it has ids of its own')
  await source.delete()
  await ct.start()
  t.equal(await sh(ct, LOOK), looks)
  t.equal(await sh(ct, 'hostname; cat /etc/hostname'), 'copy\ncopy\n')
  await sh(ct, 'echo other >/root/dir/file')
  t.match(await text(await original.pull('/root/dir/file')), 'kept\n')
  t.same(traces(), [])
  await ct.delete({ force: true })
  t.same((await host.audit()).leftovers, [])
  t.match(containersOn(pool), ['original'])
})

await t.test('of one that runs: it is stopped for it, and runs again', async (t) => {
  const source = await startedContainer(host, { id: 'source' })
  const { initPid } = source.show()
  await sh(source, 'echo written >/root/file')
  const ct = await host.containers.copy('source', 'copy')
  t.equal(source.state, 'running')
  t.not(source.show().initPid, initPid)
  t.equal(ct.state, 'stopped')
  t.equal(await text(await ct.pull('/root/file')), 'written\n')
  t.same(traces(), [])
  await ct.delete()

  const { initPid: second } = source.show()
  // As a guest may do it itself.
  const own = cgroups.dir(`${source.show().cgroup}/user-owned/own`)
  await own.create({ enableControllers: false })
  await own.freeze()
  const live = await host.containers.copy('source', 'copy', { consistent: false })
  t.equal(source.state, 'running')
  t.equal(await own.frozen(), true, 'what it has frozen itself')
  await source.freeze()
  await source.thaw()
  t.equal(await own.frozen(), false, 'all of it goes on when it is told to')
  t.equal(source.show().initPid, second, 'not stopped')
  t.equal(await text(await live.pull('/root/file')), 'written\n')
  t.equal(await sh(source, 'echo goes on'), 'goes on\n')
  await live.start()
  await live.delete({ force: true })

  await source.freeze()
  const frozen = await host.containers.copy('source', 'copy')
  t.equal(source.state, 'frozen')
  t.equal(await text(await frozen.pull('/root/file')), 'written\n')
  await frozen.delete()
  await source.delete({ force: true })
  t.same(traces(), [])
})

await t.test('into another pool, and back', async (t) => {
  await host.pools.install({ name: 'other', path: join(elsewhere, 'pool'), cloneMode: 'copy' })
  await host.users.create({ name: 'shared', pool: 'other' })
  const there = await host.containers.copy('original', 'original', {
    pool: 'other',
    user: 'shared',
  })
  t.match(there.show(), { pool: 'other', user: 'shared', cloneMode: 'copy', image: null })
  await there.set({ netif: null })
  await there.start()
  t.equal(await sh(there, LOOK), looks)
  await there.kill()
  const back = await host.containers.copy('other:original', 'back', { pool: 'tank' })
  await back.start()
  t.equal(await sh(back, LOOK), looks)
  await back.delete({ force: true })
  await there.delete()
  await host.users.get('other:shared').delete()
  await host.pools.export('other')
})

await t.test('what is wrong is told before anything is made', async (t) => {
  const users = host.users.list().length
  const wrong: [string, string, object, string][] = [
    ['original', 'original', {}, 'ERR_EXISTS'],
    ['nobody', 'copy', {}, 'ERR_NOT_FOUND'],
    ['original', 'a/b', {}, 'ERR_INVALID_ARGUMENT'],
    ['original', 'copy', { surprise: 1 }, 'ERR_INVALID_ARGUMENT'],
    ['original', 'copy', { consistent: 1 }, 'ERR_INVALID_ARGUMENT'],
    ['original', 'copy', { user: 'nobody' }, 'ERR_NOT_FOUND'],
    ['original', 'copy', { group: '/nowhere' }, 'ERR_NOT_FOUND'],
    ['original', 'copy', { pool: 'nowhere' }, 'ERR_NOT_FOUND'],
  ]
  for (const [from, to, options, code] of wrong) {
    await t.rejects(host.containers.copy(from, to, options), { code }, `${to} ${code}`)
  }
  t.equal(host.users.list().length, users)
  t.match(containersOn(pool), ['original'])
})

await t.test('refused, what runs was not stopped for it', async (t) => {
  const source = await startedContainer(host, { id: 'source' })
  const { initPid } = source.show()
  const planted = plantOn(pool, 'copy')
  await t.rejects(host.containers.copy('source', 'copy'), { code: 'ERR_EXISTS' })
  t.equal(source.show().initPid, initPid)
  t.same(traces(), [])
  planted.remove()
  await source.delete({ force: true })
})

await t.test('two at once', async (t) => {
  const both = await Promise.allSettled([
    host.containers.copy('original', 'one'),
    host.containers.copy('original', 'two'),
  ])
  t.match(both, [{ status: 'fulfilled' }, { reason: { code: 'ERR_BUSY' } }])
  await Promise.all([
    host.containers.copy('original', 'two', { wait: upTo(60_000) }),
    host.containers.copy('original', 'three', { wait: upTo(60_000) }),
  ])
  for (const id of ['one', 'two', 'three']) await host.containers.get(id).delete()
})

await t.test('given up, nothing is left, and what was stopped runs', async (t) => {
  const source = await startedContainer(host, { id: 'source' })
  const reason = new Error('enough')
  const aborted = { signal: AbortSignal.abort(reason) }
  await t.rejects(host.containers.copy('source', 'copy', aborted), reason)
  for (const delay of [5, 30, 80]) {
    const controller = new AbortController()
    const { signal } = controller
    const copying = host.containers.copy('source', 'copy', { signal })
    setTimeout(() => controller.abort(reason), delay)
    const outcome = await copying.catch((error: unknown) => error)
    if (outcome !== reason) await host.containers.get('copy').delete()
    t.equal(source.state, 'running', `after ${delay} ms`)
    t.match(containersOn(pool), ['original', 'source'])
    t.same(traces(), [])
    t.same(host.locks(), [])
  }
  await source.delete({ force: true })
  t.same((await host.audit()).leftovers, [])
})
