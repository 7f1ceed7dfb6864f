// Nothing is executed on the way of an operation but the guest's own programs. The kernel tells of
// every exec on the machine; those of other programs are none of ours.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { ExecWatch, type Exec } from '../helpers/exec-watch.js'
import { first, text } from '../helpers/host.js'
import { KeeperHost } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { compiled } from '../helpers/programs.js'
import { importBusybox, systemHost } from '../helpers/system.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'tar', 'test programs', 'proc-events')

/** Long enough for the watch to have a look at the program before it has ended, and for others to come back to it. */
const sleep = ['sleep', String(upTo(0.3))]

await t.test('a life of a container', async (t) => {
  const host = await systemHost(t)
  await importBusybox(t, host)
  const init = compiled('system/quiet-init')
  const watch = await ExecWatch.start(t, process.pid, await host.keeperPid())

  /** What an operation may execute is as many programs of the guest. */
  const step = async <T>(name: string, programs: number, work: () => Promise<T>): Promise<T> => {
    const result = await work()
    const execs = await watch.take()
    const strangers = execs.filter(({ guest }) => !guest)
    t.strictSame(strangers, [], `${name}: no program of the host`)
    t.equal(execs.length, programs, `${name}: ${programs} of the guest`)
    return result
  }
  const none = <T>(name: string, work: () => Promise<T> | T): Promise<T> =>
    step(name, 0, async () => work())

  const ct = await none('create', () =>
    host.containers.create({
      id: 'quiet',
      image: { distribution: 'busybox' },
      initCmd: ['/quiet-init'],
      memoryLimit: '64 MiB',
      cpuLimit: 50,
      pidsLimit: 100,
    }),
  )
  await none('push, while it is stopped', () =>
    ct.push('/quiet-init', readFileSync(init), { mode: 0o755 }),
  )
  const events = host.events()
  await step('start', 1, () => ct.start())
  await none('wait', () => ct.wait('ready'))
  await step('exec', 1, () => ct.exec(sleep))
  await step('exec with input and a user', 1, () => ct.exec(sleep, { stdin: 'some', user: 1 }))
  await step('spawn with a terminal', 1, async () => {
    await using session = await ct.spawn(sleep, { tty: true })
    await session.resize(40, 120)
    await ct.sessions()
    await session.detach()
    await using again = await ct.session(session.id)
    t.match(await again.exit, { exitCode: 0 })
  })
  await none('console', async () => {
    await using console = ct.console()
    await console.resize(30, 100)
    await console.write('x')
    t.match(await first(console, () => true).then(String), /quiet/)
  })
  await none('set', () =>
    ct.set({ memoryLimit: '32 MiB', cpuLimit: 100, pidsLimit: 50, hostname: 'calm.example.org' }),
  )
  await none('set what waits', () => ct.set({ prlimits: { nofile: 512 }, autostart: true }))
  await none('freeze', () => ct.freeze())
  await none('thaw', () => ct.thaw())
  await none('push', () => ct.push('/etc/deep/motd', 'hello\n', { mkdirs: true }))
  t.equal(await none('pull', async () => text(await ct.pull('/etc/deep/motd'))), 'hello\n')
  await none('statistics', () => host.containers.stats())
  await none('list', () => host.containers.list())
  await none('audit', () => host.audit())
  await none('features', () => host.features())
  await step('reboot', 1, () => ct.reboot())
  await step('restart', 1, () => ct.restart())
  t.match(await none('stop', () => ct.stop()), { rung: 'shutdown' })
  await none('rename', () => ct.rename('calm'))
  await step('start again', 1, () => ct.start())
  await none('kill', () => ct.kill())
  await none('a user, a group, an id-range', async () => {
    await host.users.create({ name: 'mapped' })
    await host.groups.create({ path: '/other', memoryLimit: '256 MiB' })
    await host.groups.get('/other').delete()
    await host.users.get('mapped').delete()
  })
  await none('a start that fails', async () => {
    await ct.set({ initCmd: ['/no/such/init'] })
    await t.rejects(ct.start(), { code: 'ERR_CONTAINER_START' })
  })
  t.match(await none('delete', () => ct.delete()), { leftovers: [] })
  await none('events', () => first(events, (event) => event.type === 'deleted'))
  t.notOk(watch.lost, 'the kernel left nothing out')
})

/** Watches while something is planted. */
const planted = (execs: readonly Exec[], program: RegExp): number =>
  execs.filter((exec) => !exec.guest && (program.test(exec.program) || exec.program === '?')).length

await t.test('a planted exec is caught', async (t) => {
  const watch = await ExecWatch.start(t, process.pid)
  spawnSync('/bin/busybox', ['true'])
  t.equal(planted(await watch.take(), /busybox/), 1, 'of this process')

  const shell = spawn('/bin/busybox', ['sh', '-c', '(/bin/busybox sleep 0.1 &) &'])
  await once(shell, 'close')
  t.equal(planted(await watch.take(), /busybox/), 2, 'and of a grandchild that was let go')
  t.notOk(watch.lost)
})

await t.test('a hook that liblxc runs is caught', async (t) => {
  const host = new KeeperHost(t)
  await using keeper = await host.connect()
  const watch = await ExecWatch.start(t, keeper.pid)
  const life = async (id: string, config: string[]): Promise<number> => {
    const events = keeper.events()
    const { initPid } = await keeper.start(host.plan(id, { config }))
    // Of init it can be told whose it is while it is there.
    const begun = await watch.take()
    process.kill(initPid, 'SIGKILL')
    await first(events, (event) => event.type === 'exit')
    return planted([...begun, ...(await watch.take())], /./)
  }
  t.equal(await life('plain', []), 0)
  t.not(await life('hooked', ['lxc.hook.pre-start = /bin/busybox true']), 0)
  t.notOk(watch.lost)
})
