// Containers that start by themselves: in order, once, as far as they can.
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host, type Container, type ContainerSettings, type QueuedStart } from 'vpsadminos'
import { endOf, moduleOf } from '../../helpers/child.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
let host = await Host.open({ ...options, pools: [] })
t.teardown(() => host.close())
await host.pools.install(options.pools[0])
await importBusybox(t, host)
const autostart = () => host.pools.get('tank').autostart

type Setting = NonNullable<ContainerSettings['autostart']>
function create(id: string, setting: Setting, more: ContainerSettings = {}): Promise<Container> {
  return host.containers.create({ id, image: busybox, autostart: setting, ...more })
}
/** Ids in the order in which they came to run. */
async function starts(work: () => Promise<unknown>): Promise<string[]> {
  const ids: string[] = []
  const events = host.events()
  const reading = (async () => {
    for await (const event of events) {
      if (event.type === 'state' && event.state === 'running') ids.push(event.id)
    }
  })()
  await work()
  await until(() => host.containers.list({ state: 'running' }).every(({ id }) => ids.includes(id)))
  await events.return?.()
  await reading
  return ids
}
async function reopen(): Promise<void> {
  await host.close()
  host = await Host.open(options)
}
async function clear(): Promise<void> {
  for (const { id } of host.containers.list()) await host.containers.get(id).delete({ force: true })
}
function isIn(id: string, state: QueuedStart['state']): boolean {
  return autostart()
    .queue()
    .some((one) => one.id === id && one.state === state)
}
/** How many wait for who is at work on it. */
function waitersOf(id: string): number {
  const lock = host.locks().find(({ resource }) => resource === `container tank:${id}`)
  return lock?.waiters.length ?? 0
}
/** One whose init ends at once does not become ready. */
const broken = { initCmd: ['/no/such/init'] }
const saysReady = (seconds: number): ContainerSettings => ({
  initCmd: ['/bin/systemd', `${seconds}`],
})

await t.test('by priority, and each after those that it waits for', async (t) => {
  await create('web', { priority: 1, requires: ['db'], after: ['cache', 'nobody'] })
  await create('db', { priority: 5 })
  await create('cache', { priority: 9 })
  await create('first', { priority: 0 })
  await create('not', false)
  await host.containers.create({ id: 'helper', image: busybox })
  await create('app', { priority: 3, requires: ['helper'] })
  const { autostart: setting } = host.containers.get('web').show()
  t.same(setting, { priority: 1, delay: 5, after: ['cache', 'nobody'], requires: ['db'] })
  let report
  const order = await starts(async () => (report = await autostart().start()))
  t.match(report, { running: [], failed: [], cancelled: [] })
  t.same([...order].sort(), ['app', 'cache', 'db', 'first', 'helper', 'web'])
  t.ok(order.indexOf('web') > order.indexOf('db') && order.indexOf('web') > order.indexOf('cache'))
  t.ok(order.indexOf('app') > order.indexOf('helper'))
  t.equal(host.containers.get('not').state, 'stopped')
  t.same(autostart().queue(), [])
})

await t.test('once, also for the next process, unless it is told to', async (t) => {
  await host.containers.get('db').stop({ method: 'kill' })
  await reopen()
  t.same((await autostart().start()).started, [])
  await create('new', true)
  t.same((await autostart().start()).started, ['new'])
  t.same((await autostart().start({ again: true })).started, ['db'])
  await host.containers.get('new').stop({ method: 'kill' })
  await host.containers.get('new').rename('renamed')
  t.same((await autostart().start()).started, [], 'by its new name as well')
  await host.containers.get('renamed').delete()
  await create('renamed', true)
  await create('new', true)
  t.same(
    [...(await autostart().start()).started].sort(),
    ['new', 'renamed'],
    'others, by its names',
  )
  await host.containers.get('renamed').delete({ force: true })
})

await t.test('one whose deletion was cut off is another one afterwards', async (t) => {
  const ct = await create('gone', true)
  t.same((await autostart().start()).started, ['gone'])
  await ct.stop({ method: 'kill' })
  await host.close()
  const end = await endOf(`
    import { Host } from ${moduleOf('index.js')}
    import { arm } from ${moduleOf('step.js')}
    const host = await Host.open(${JSON.stringify(options)})
    arm({ how: 'kill', step: 'delete.rootfs' })
    await host.containers.get('gone').delete()
  `)
  t.equal(end, 'SIGKILL')
  host = await Host.open(options)
  t.equal(host.containers.find('gone'), null)
  await create('gone', true)
  t.same((await autostart().start()).started, ['gone'])
  await host.containers.get('gone').delete({ force: true })
})

await t.test('the other way round they are stopped', async (t) => {
  const ended: string[] = []
  const events = host.events()
  const reading = (async () => {
    for await (const event of events) if (event.type === 'exit') ended.push(event.id)
  })()
  const report = await autostart().stop({ method: 'kill' })
  await sleep(100)
  await events.return?.()
  await reading
  t.match(report, { failed: [] })
  t.equal(report.stopped.length, 7)
  t.ok(ended.indexOf('web') < ended.indexOf('db') && ended.indexOf('web') < ended.indexOf('cache'))
  t.equal((await autostart().start()).started.length, 7, 'and start by themselves again')
  await clear()
})

await t.test('again when the machine was booted, also with the run state on a disk', async (t) => {
  await create('one', true)
  await host.containers.create({ id: 'two', image: busybox })
  await autostart().start()
  await host.containers.get('one').stop({ method: 'kill' })
  const boot = async (): Promise<void> => {
    await host.close()
    const run = { resume: 'start', initPid: 1, method: 'kill' }
    writeFileSync(join(options.stateDir, 'pools/tank/rest.two'), JSON.stringify(run))
    const other = '00000000-0000-0000-0000-000000000000\n'
    writeFileSync(join(options.stateDir, 'boot-id'), other)
    host = await Host.open(options)
  }
  await boot()
  t.equal(host.containers.get('two').state, 'stopped', 'what was cut off is over')
  t.same((await autostart().start()).started, ['one'])
  await host.containers.get('one').stop({ method: 'kill' })
  await reopen()
  t.same((await autostart().start()).started, [], 'once')
  await clear()
})

await t.test('what fails is told, with who requires it; others go on', async (t) => {
  await create('fails', true, broken)
  await create('behind', { requires: ['fails'] })
  await create('beside', { after: ['fails'] })
  await create('lost', { requires: ['nobody'] })
  const report = autostart().start()
  await until(() =>
    autostart()
      .queue()
      .some(({ id, state }) => id === 'fails' && state === 'pausing'),
  )
  t.match(
    autostart()
      .queue()
      .find(({ id }) => id === 'fails'),
    { priority: 1000, waitsFor: [], error: /did not start/ },
  )
  t.match(
    autostart()
      .queue()
      .find(({ id }) => id === 'behind')?.waitsFor,
    ['fails'],
  )
  await until(() => host.containers.get('lost').state === 'stopped')
  t.same([...autostart().cancel()].sort(), ['behind', 'beside', 'fails'])
  const { failed, cancelled, started } = await report
  t.same([...cancelled].sort(), ['behind', 'beside', 'fails'])
  t.same(started, [])
  t.match(failed, [
    {
      id: 'lost',
      error: { code: 'ERR_STATE', message: /requires 'nobody', which does not exist/ },
    },
  ])
  await host.containers.get('fails').delete()
  const again = await autostart().start()
  t.same(again.started, ['beside'], 'whoever it comes after is gone')
  t.same(again.failed.map(({ id }) => id).sort(), ['behind', 'lost'])
  await clear()
})

await t.test('readiness is waited for, and not the start alone', async (t) => {
  const db = await create('db', true, saysReady(1))
  const script = `#!/bin/sh
sleep "$1"
echo ready >/tmp/is-ready
exec sleep 1000
`
  await db.push('/bin/systemd', script, { mode: 0o755 })
  await create('web', { requires: ['db'] })
  const report = autostart().start()
  await until(() => db.state === 'running')
  await sleep(300)
  await until(
    () =>
      !autostart()
        .queue()
        .some(({ id }) => id === 'db'),
  )
  t.equal(host.containers.get('web').state, 'stopped', 'it runs, and has not said that it is ready')
  t.match(autostart().queue(), [{ id: 'web', state: 'waiting', waitsFor: ['db'] }])
  t.same(autostart().cancel(), ['web'])
  t.match(await report, { started: ['db'], cancelled: ['web'] })
  await clear()
})

await t.test('any container can have its turn in between', async (t) => {
  const ct = await host.containers.create({ id: 'queued', image: busybox })
  await autostart().enqueue('queued')
  t.equal(ct.state, 'running')
  await autostart().enqueue('queued')
  await t.rejects(autostart().enqueue('nobody'), { code: 'ERR_NOT_FOUND' })
  await t.rejects(autostart().enqueue('queued', { priority: -1 }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'enqueue.priority',
  })
  await t.rejects(autostart().start({ agian: true } as never), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'autostart.agian',
  })
  await t.rejects(autostart().enqueue('queued', { signal: AbortSignal.abort() }))
  const bad = await host.containers.create({ id: 'bad', image: busybox, ...broken })
  await t.rejects(autostart().enqueue('bad'), { code: 'ERR_CONTAINER_START' }, 'it is tried once')
  t.equal(bad.state, 'stopped')
  await clear()
})

await t.test('what is given up, or whose pool goes, does not begin', async (t) => {
  await create('fails', true, broken)
  const given = new AbortController()
  const report = autostart().start({ signal: given.signal })
  await until(() =>
    autostart()
      .queue()
      .some(({ state }) => state === 'pausing'),
  )
  given.abort()
  t.match(await report, { cancelled: ['fails'], failed: [] })
  const waiting = autostart().start()
  await until(() =>
    autostart()
      .queue()
      .some(({ state }) => state === 'pausing'),
  )
  await host.close()
  t.match(await waiting, { failed: [{ id: 'fails', error: { code: 'ERR_CLOSED' } }] })
  host = await Host.open(options)
  await clear()
})

await t.test('one who gives it up does so for nobody else', async (t) => {
  await create('fails', true, broken)
  const given = new AbortController()
  const [one, other] = [autostart().start({ signal: given.signal }), autostart().start()]
  await until(() => isIn('fails', 'pausing'))
  given.abort()
  t.match(await one, { cancelled: ['fails'], failed: [] })
  t.ok(isIn('fails', 'pausing'))
  const also = new AbortController()
  const enqueued = autostart().enqueue('fails', { signal: also.signal })
  also.abort()
  await t.rejects(enqueued, { name: 'AbortError' })
  t.ok(isIn('fails', 'pausing'))
  t.same(autostart().cancel(), ['fails'])
  // Not by the one that has just been cancelled.
  await t.rejects(autostart().enqueue('fails'), { code: 'ERR_CONTAINER_START' })
  t.match(await other, { cancelled: ['fails'], failed: [] })
  t.same(autostart().queue(), [])
  await clear()
})

await t.test('while somebody else is at work on it, it has not begun', async (t) => {
  const { record } = await create('busy', true)
  using op = await record.begin('test', {})
  const report = autostart().start()
  await until(() => waitersOf('busy') > 0)
  t.same(autostart().cancel(), ['busy'])
  t.match(await report, { started: [], cancelled: ['busy'], failed: [] })
  op[Symbol.dispose]()
  await clear()
})

await t.test('what is being started when it is cancelled is not tried again', async (t) => {
  const { record } = await create('fails', true, broken)
  // Its start waits for that.
  using op = record.beside('test', {})
  await record.lockRootfs(op)
  const given = new AbortController()
  const report = autostart().start({ signal: given.signal })
  await until(() => isIn('fails', 'starting'))
  t.same(autostart().cancel(), [])
  given.abort()
  op[Symbol.dispose]()
  const pausing = until(() => isIn('fails', 'pausing') || autostart().queue().length === 0)
  t.match(await Promise.race([report, pausing]), {
    failed: [{ id: 'fails', error: { code: 'ERR_CONTAINER_START' } }],
    cancelled: [],
  })
  autostart().cancel()
  await clear()
})

await t.test('what is renamed meanwhile starts by its new name', async (t) => {
  const ct = await create('fails', true, broken)
  const report = autostart().start()
  await until(() => isIn('fails', 'pausing'))
  await ct.rename('works')
  // Perhaps it is being tried just now.
  await until(() => isIn('works', 'pausing'))
  t.equal(autostart().queue().length, 1)
  await ct.unset('initCmd')
  t.match(await report, { started: ['works'], failed: [] })
  await clear()
})

await t.test('those that wait for themselves start all the same', async (t) => {
  const warned: string[] = []
  const note = (warning: Error) => void warned.push(warning.message)
  process.on('warning', note)
  await create('a', { requires: ['b'] })
  await create('b', { after: ['a'] })
  t.same([...(await autostart().start()).started].sort(), ['a', 'b'])
  process.off('warning', note)
  t.match(warned, ["container 'a' waits for itself: a → b → a", /b → a → b$/])
  await clear()
})

await t.test('what has stopped has, although that could not be noted', async (t) => {
  await create('one', true)
  await autostart().start()
  const half = join(options.stateDir, 'pools/tank/auto-start/started-cts.txt.new')
  mkdirSync(half)
  t.match(await autostart().stop({ method: 'kill' }), { stopped: ['one'], failed: [] })
  rmdirSync(half)
  await clear()
})

await t.test('many start at once, as far as the machine bears it', async (t) => {
  await Promise.all(Array.from({ length: 30 }, (_, i) => create(`many${i}`, true)))
  const report = await autostart().start()
  t.equal(report.started.length, 30)
  const stopped = await autostart().stop({ method: 'kill' })
  t.equal(stopped.stopped.length, 30)
  await clear()
  await host.close()
})
