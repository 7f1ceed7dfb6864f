// A host is shut down: in order, whoever asks, and also when the process that does it is killed.
import { chmodSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Host, type ShutdownProgress } from 'vpsadminos'
import { arm } from '../../../dist/step.js'
import { endOf, moduleOf } from '../../helpers/child.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'
import { upTo } from '../../helpers/time.js'
import { warning } from '../../helpers/warning.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const marker = join(options.stateDir, 'shutdown')
const mode = () => statSync(marker).mode & 0o777
let host = await Host.open({ ...options, pools: [] })
await host.pools.install(options.pools[0])
await importBusybox(t, host)
await host.containers.create({ id: 'db', image: busybox, autostart: { priority: 1 } })
await host.containers.create({ id: 'web', image: busybox, autostart: { requires: ['db'] } })
await host.containers.create({ id: 'other', image: busybox })
t.teardown(async () => {
  // `lastingHost()` exports the pool itself.
  await host.abortShutdown()
  await host.close()
})

const get = (id: string) => host.containers.get(id)
const state = (id: string) => get(id).state
const refused = { code: 'ERR_STATE', state: 'disabled' }
async function reopen(): Promise<void> {
  await host.close()
  host = await Host.open(options)
}
async function start(...ids: string[]): Promise<void> {
  for (const id of ids) if (state(id) === 'stopped') await get(id).start()
}
/** One whose init does not do what it is told. */
const deafen = (id: string) => process.kill(get(id).show().initPid ?? 0, 'SIGSTOP')

await t.test('all is stopped the other way round, and let go of', async (t) => {
  t.equal(await host.shutdownState(), 'none')
  await start('db', 'web', 'other')
  const progress: ShutdownProgress[] = []
  const report = await host.shutdown({ onProgress: (one) => progress.push(one) })
  t.same([...report.stopped].sort(), ['tank:db', 'tank:other', 'tank:web'])
  t.ok(report.stopped.indexOf('tank:web') < report.stopped.indexOf('tank:db'))
  t.same(report.exported, ['tank'])
  t.match(
    progress.filter(({ type }) => type === 'stop').map((one) => 'index' in one && one.index),
    [1, 2, 3],
  )
  t.match(progress.at(-2), { type: 'stop', pool: 'tank', id: 'db', index: 3, total: 3 })
  t.match(progress.at(-1), { type: 'export', pool: 'tank' })
  t.equal(mode(), 0o100)
  t.equal(await host.shutdownState(), 'finished')
  t.same(host.pools.list(), [])
  t.same(await host.shutdown(), { stopped: [], exported: [] }, 'a second time')
  t.equal(mode(), 0o100)
})

await t.test('nothing is started before it is given up', async (t) => {
  await reopen()
  t.match(host.pools.list(), [{ name: 'tank', state: 'disabled' }])
  const { autostart } = host.pools.get('tank')
  await t.rejects(get('db').start(), refused)
  await t.rejects(get('db').restart(), refused)
  await t.rejects(get('db').boot(), refused)
  await t.rejects(autostart.start(), refused)
  await t.rejects(autostart.enqueue('db'), refused)
  await get('db').set({ hostname: 'db.example.org' })
  t.equal(await host.abortShutdown(), true)
  t.equal(await host.abortShutdown(), false)
  t.notOk(existsSync(marker))
  t.match(host.pools.list(), [{ state: 'active' }])
  await start('db')
})

await t.test('given up in its middle: who was not asked to stop yet runs on', async (t) => {
  await start('db', 'web', 'other')
  deafen('web')
  const watched: string[] = []
  const first = host.shutdown()
  const second = host.shutdown({ onProgress: (one) => 'id' in one && watched.push(one.id) })
  t.equal(first === second, false)
  const ends = Promise.all([
    t.rejects(first, { code: 'ERR_CANCELLED' }),
    t.rejects(second, { code: 'ERR_CANCELLED' }),
  ])
  await until(() => state('other') === 'stopped' && state('web') === 'stopping')
  t.equal(await host.shutdownState(), 'under-way')
  t.equal(mode(), 0)
  await t.rejects(get('other').start(), refused)
  await t.rejects(get('web').restart({ method: 'kill', wait: 0 }), { code: 'ERR_BUSY' })
  t.equal(await host.abortShutdown(), true)
  await ends
  t.same(watched.sort(), ['other', 'web'], 'the one that both are required by was not asked')
  t.equal(state('db'), 'running')
  t.equal(state('web'), 'running', 'and nobody kills it any more')
  process.kill(get('web').show().initPid ?? 0, 'SIGCONT')
  await get('web').wait('stopped')
  t.same(host.locks(), [])
  await start('other')
})

await t.test('who watches and makes a mistake keeps nothing from being stopped', async (t) => {
  await start('db')
  const warned = warning(/my own mistake/)
  const onProgress = () => {
    throw new Error('my own mistake')
  }
  const { exported } = await host.shutdown({ onProgress })
  t.same(exported, ['tank'])
  t.match(await warned, { message: /^onProgress of a shutdown / })
  await host.abortShutdown()
  await reopen()
})

await t.test('given up at its end, when its file is gone', async (t) => {
  await start('db')
  const controller = new AbortController()
  let given = Promise.resolve(false)
  controller.signal.addEventListener('abort', () => {
    given = host.abortShutdown()
    rmSync(marker)
  })
  arm({ how: 'abort', step: 'shutdown.exported', controller })
  await t.rejects(host.shutdown(), { code: 'ERR_CANCELLED' })
  t.equal(await given, true)
  t.equal(await host.shutdownState(), 'none')
  await reopen()
  t.match(host.pools.list(), [{ state: 'active' }])
})

await t.test('given up while a pool is being imported', async (t) => {
  const { shutdownMarker } = host.pools.get('tank').host
  await host.pools.export('tank')
  await shutdownMarker.make()
  const look = shutdownMarker.state.bind(shutdownMarker)
  shutdownMarker.state = async () => {
    const seen = await look()
    shutdownMarker.state = look
    await host.abortShutdown()
    return seen
  }
  await host.pools.import(options.pools[0])
  t.equal(await host.shutdownState(), 'none')
  t.match(host.pools.list(), [{ state: 'active' }])
  await start('db', 'other')
})

await t.test('who cannot be stopped is named, and it goes on when that is asked', async (t) => {
  await start('db', 'web')
  deafen('web')
  const failing = host.shutdown({ method: 'shutdown_or_fail', timeout: upTo(5000) })
  const error = await failing.then(
    () => null,
    (reason: unknown) => reason,
  )
  t.match(error, { code: 'ERR_SHUTDOWN', failures: [/'web'/], message: /not shut down: .*web/ })
  t.equal(state('other'), 'stopped', 'others are')
  t.equal(await host.shutdownState(), 'unfinished')
  await t.rejects(get('other').start(), refused)
  t.match(await host.shutdown({ timeout: 300 }), { exported: ['tank'] })
  t.equal(mode(), 0o100)
  await host.abortShutdown()
  await reopen()
})

await t.test('killed in its middle: the next process goes on', async (t) => {
  await start('db', 'web', 'other')
  deafen('web')
  await host.close()
  const script = (work: string) => `
    import { Host } from ${moduleOf('index.js')}
    const host = await Host.open(${JSON.stringify(options)})
    ${work}
  `
  const killed = await endOf(
    script(`
      void host.shutdown()
      const state = (id) => host.containers.get(id).state
      while (state('web') !== 'stopping' || state('other') !== 'stopped') {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      process.kill(process.pid, 'SIGKILL')
    `),
  )
  t.equal(killed, 'SIGKILL')
  t.equal(mode(), 0)
  host = await Host.open(options)
  t.equal(await host.shutdownState(), 'unfinished')
  t.equal(state('other'), 'stopped')
  t.equal(state('db'), 'running')
  await t.rejects(get('other').start(), refused)
  t.match(await host.shutdown({ timeout: 300 }), {
    stopped: ['tank:web', 'tank:db'],
    exported: ['tank'],
  })
  t.equal(mode(), 0o100)
  await host.abortShutdown()
  await reopen()
})

await t.test('closed in its middle: it is as killed', async (t) => {
  await start('db', 'web')
  deafen('db')
  const ended = t.rejects(host.shutdown(), { code: 'ERR_CLOSED' })
  await until(() => state('db') === 'stopping')
  await host.close()
  await ended
  host = await Host.open(options)
  t.equal(await host.shutdownState(), 'unfinished')
  await host.abortShutdown()
  process.kill(get('db').show().initPid ?? 0, 'SIGCONT')
  await get('db').wait('stopped')
})

await t.test('what is under way in a pool is waited for', async (t) => {
  await start('db')
  // An operation that holds a container.
  deafen('db')
  const stopping = get('db').stop({ timeout: upTo(1000), label: 'somebody' })
  const shutdown = host.shutdown()
  await until(() => host.locks().some(({ waiters }) => waiters.length > 0))
  await stopping
  t.match(await shutdown, { exported: ['tank'] })
  await host.abortShutdown()
  await reopen()
})

await t.test('a pool that is being imported is waited for', async (t) => {
  await start('db')
  await host.close()
  host = await Host.open({ ...options, pools: [] })
  const imported = host.pools.import(options.pools[0])
  const progress: ShutdownProgress[] = []
  t.same(await host.shutdown({ onProgress: (one) => progress.push(one) }), {
    stopped: ['tank:db'],
    exported: ['tank'],
  })
  t.match(progress[0], { type: 'wait', pool: 'tank', reason: /being imported/ })
  await imported
  await host.abortShutdown()
  await reopen()
})

await t.test(
  'the file alone says so, whoever has made it; not one of an earlier run',
  async (t) => {
    await host.close()
    writeFileSync(marker, '')
    chmodSync(marker, 0)
    host = await Host.open(options)
    t.match(host.pools.list(), [{ state: 'disabled' }])
    t.equal(await host.shutdownState(), 'unfinished')
    await host.close()
    writeFileSync(marker, '00000000-0000-0000-0000-000000000000\n')
    host = await Host.open(options)
    t.notOk(existsSync(marker))
    t.match(host.pools.list(), [{ state: 'active' }])
  },
)

await t.test('what is wrong with it is said before', async (t) => {
  const wrong = { code: 'ERR_INVALID_ARGUMENT' }
  await t.rejects(host.shutdown({ timeout: -1 }), { ...wrong, argument: 'shutdown.timeout' })
  await t.rejects(host.shutdown({ method: 'ask' as never }), {
    ...wrong,
    argument: 'shutdown.method',
  })
  await t.rejects(host.shutdown({ tiemout: 1 } as never), {
    ...wrong,
    argument: 'shutdown.tiemout',
  })
  await t.rejects(host.shutdown({ signal: AbortSignal.abort() }), { name: 'AbortError' })
  t.equal(await host.shutdownState(), 'none')
})
