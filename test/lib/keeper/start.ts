// A start: what the caller gets, what stays behind when it fails.
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { KeeperHost, event, until } from '../../helpers/keeper-host.js'
import { childrenOf, pids, titleOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()

await t.test('runs init, unprivileged and confined', async (t) => {
  const plan = host.plan('one')
  const events = keeper.events()
  const started = await keeper.start(plan)
  const proc = `/proc/${started.initPid}`
  const root = plan.rootfs.uidMap[0]?.hostId ?? 0
  t.equal(statSync(proc).uid, root, 'root is an unmapped id on the host')
  t.match(readFileSync(`${proc}/status`, 'utf8'), /^Seccomp:\t2$/m)
  t.match(readFileSync(`${proc}/cgroup`, 'utf8'), `/${plan.cgroup}/user-owned`)
  t.match(readFileSync(`/proc/${started.monitorPid}/cmdline`, 'utf8'), '[lxc monitor]')
  t.match(readFileSync(`/proc/${started.monitorPid}/cgroup`, 'utf8'), `/${host.cgroupRoot}/keeper`)
  t.strictSame(await keeper.mounts(), [], 'its rootfs is mounted in its own namespace only')
  const upper = join(host.dir, 'one/upper')
  for (const name of readdirSync(upper)) {
    t.equal(statSync(join(upper, name)).uid, 0, `${name}: 0-based on disk`)
  }
  await t.rejects(keeper.start(plan), { code: 'ERR_CONTAINER_RUNNING' })

  process.kill(started.initPid, 'SIGKILL')
  const exit = await event(events, (e) => e.type === 'exit')
  t.match(exit, { id: 'one', reason: 'signal', signal: 'SIGKILL', code: null })
  t.equal(await keeper.lookup('tank', 'one'), null)
  t.strictSame(host.cgroupsLeft(), [])
})

await t.test('init that ends says how', async (t) => {
  const events = keeper.events()
  writeFileSync(join(host.image, 'seven'), 'exit 7\n')
  await keeper.start(host.plan('seven', { init: '/bin/sh /seven' })).then(
    () => undefined,
    (error: unknown) => t.match(error, { code: 'ERR_CONTAINER_ENDED' }),
  )
  t.match(await event(events, (e) => e.type === 'exit'), { reason: 'exited', code: 7 })
})

await t.test('a failed start tells why and leaves nothing', async (t) => {
  const missing = host.plan('noinit', { init: '/no/such/init' })
  await t.rejects(keeper.start(missing), { code: 'ERR_LXC_START', detail: /no\/such\/init/ })

  const lower = host.plan('nolower')
  lower.rootfs.lower = join(host.dir, 'nowhere')
  await t.rejects(keeper.start(lower), { code: 'ENOENT', step: 'rootfs', path: /nowhere/ })

  const unwritten = host.plan('noconfig')
  unwritten.lxcPath = join(host.dir, 'elsewhere')
  await t.rejects(keeper.start(unwritten), { name: 'KeeperError', step: 'config' })

  const slow = { ...host.plan('slow'), timeoutMs: 0 }
  await t.rejects(keeper.start(slow), { code: 'ERR_TIMEOUT' })

  for (const id of ['noinit', 'nolower', 'noconfig', 'slow']) {
    for (let i = 0; (await keeper.lookup('tank', id)) !== null && i < upTo(1000); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    t.equal(await keeper.lookup('tank', id), null, `${id} is not there`)
  }
  t.strictSame(await keeper.mounts(), [])
  t.strictSame(host.cgroupsLeft(), [])
  t.strictSame(readdirSync(join(host.stateDir, 'rootfs/tank')), [])
  t.strictSame(readdirSync(join(host.stateDir, 'notify')), [])
  t.strictSame(readdirSync(join(host.stateDir, 'keeper/plans')), [])
})

await t.test('trees that are links are not followed', async (t) => {
  const { rootfs } = host.plan('linked')
  const kept = join(host.dir, 'kept')
  const link = join(host.dir, 'link')
  const look = (tree: Partial<typeof rootfs>) =>
    keeper.edit({ rootfs: { ...rootfs, ...tree } }, [{ op: 'stat', path: '/bin' }])
  t.match(await look({}), [{ error: null }])
  symlinkSync(host.image, link)
  await t.rejects(look({ lower: link }), { code: 'ENOTDIR', path: link })
  await t.rejects(look({ mode: 'bind', lower: null, upper: link }), { code: 'ENOTDIR', path: link })
  for (const part of ['upper', 'work']) {
    const path = join(rootfs.upper, part)
    renameSync(path, kept)
    symlinkSync(host.image, path)
    await t.rejects(look({}), { code: 'ENOTDIR', path: part })
    rmSync(path)
    renameSync(kept, path)
  }
  t.match(await look({}), [{ error: null }])
})

await t.test('what is to become init is killed', async (t) => {
  const hook = 'lxc.hook.pre-mount = /bin/busybox sh -c "sleep 60"'
  const plan = host.plan('killed', { config: [hook] })
  const starting = keeper.start({ ...plan, timeoutMs: upTo(30_000) })
  starting.catch(() => undefined)
  const title = `[lxc monitor] ${plan.lxcPath} killed`
  let monitor: string | undefined
  let child: string | undefined
  await until(() => {
    monitor ??= pids().find((pid) => titleOf(pid) === title)
    if (monitor) child = childrenOf(monitor).find((pid) => childrenOf(pid).length > 0)
    return child !== undefined
  })
  t.match(await keeper.containers(), [{ id: 'killed', state: 'starting', initPid: null }])
  // It hears as little of the end as one that waits for descriptors from that child.
  process.kill(Number(monitor), 'SIGSTOP')
  const begun = Date.now()
  process.kill(Number(child), 'SIGKILL')
  await t.rejects(starting, { code: 'ERR_LXC_START' })
  t.ok(Date.now() - begun < upTo(10_000), 'long before the time for a start is over')
  t.equal(await keeper.lookup('tank', 'killed'), null, 'it is not there')
  t.strictSame(await keeper.mounts(), [])
  t.strictSame(host.cgroupsLeft(), [])
})

await t.test('nonsense is refused before anything is made', async (t) => {
  const plan = host.plan('plain')
  const cases: [string, Partial<typeof plan>][] = [
    ['pool', { pool: 'a/b' }],
    ['id', { id: '..' }],
    ['id with NUL', { id: 'a\0b' }],
    ['relative LXC path', { lxcPath: 'lxc' }],
    ['dots', { lxcPath: '/tmp/../etc' }],
    ['absolute cgroup', { cgroup: '/ct' }],
    ['cgroup that climbs', { cgroup: 'a/../../b' }],
    [
      'a map without root',
      { rootfs: { ...plan.rootfs, uidMap: [{ nsId: 1, hostId: 9, count: 1 }] } },
    ],
    [
      'a map of the host root',
      { rootfs: { ...plan.rootfs, uidMap: [{ nsId: 0, hostId: 0, count: 1 }] } },
    ],
    ['no map', { rootfs: { ...plan.rootfs, gidMap: [] } }],
  ]
  for (const [name, change] of cases) {
    await t.rejects(keeper.start({ ...plan, ...change }), { code: 'EINVAL', step: 'plan' }, name)
  }
})

await t.test('aborted', async (t) => {
  const before = new AbortController()
  before.abort(new Error('never mind'))
  await t.rejects(keeper.start(host.plan('before'), { signal: before.signal }), /never mind/)
  t.equal(await keeper.lookup('tank', 'before'), null, 'nothing was begun')

  const during = new AbortController()
  const starting = keeper.start(host.plan('during'), { signal: during.signal })
  during.abort(new Error('changed my mind'))
  await t.rejects(starting, /changed my mind/)
  for (let i = 0; (await keeper.lookup('tank', 'during')) !== null && i < upTo(1000); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  t.equal(await keeper.lookup('tank', 'during'), null, 'and nothing stays')
  t.strictSame(host.cgroupsLeft(), [])
})
