// An osctld that is told to end does so at once, whatever is being started by itself; the next one goes on with that.
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { daemonPlace } from '../../helpers/daemon.js'
import { busybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const place = await daemonPlace(t)
const told: string[] = []
const log = pino({ level: 'error' }, { write: (line: string) => void told.push(line) })
{
  const daemon = await Daemon.open({ ...place, autostart: false }, log)
  await daemon.begun
  await daemon.host.containers.create({ id: 'web', image: busybox, autostart: true })
  await daemon.close()
}

/** One that waits to start it for who has `lock`. */
async function waiting(): Promise<{ readonly daemon: Daemon; readonly lock: Disposable }> {
  const daemon = await Daemon.open(place, log)
  t.teardown(() => daemon.close())
  const { host } = daemon
  // Before its pool is imported, nothing is started.
  while (host.containers.find('web') === null) await turn()
  const { record } = host.containers.get('web')
  const lock = await record.beside('test', {}).lock([record.pool.claim('container', 'web')])
  await until(() => {
    const held = host.locks().find(({ resource }) => resource === 'container tank:web')
    return held !== undefined && held.waiters.length > 0
  })
  return { daemon, lock }
}

function inTime(work: Promise<unknown>): Promise<unknown> {
  return Promise.race([work.then(() => true), sleep(upTo(3000), false, { ref: false })])
}

await t.test('while somebody else is at work on what is to be started', async (t) => {
  const { daemon, lock } = await waiting()
  t.equal(await inTime(daemon.close()), true)
  lock[Symbol.dispose]()
})

await t.test('while it is being started', async (t) => {
  const { daemon, lock } = await waiting()
  const { autostart } = daemon.host.pools.get('tank')
  const keeper = await daemon.host.keeperPid()
  // It does not answer.
  process.kill(keeper, 'SIGSTOP')
  t.teardown(() => process.kill(keeper, 'SIGCONT'))
  lock[Symbol.dispose]()
  await until(() => autostart.queue().some(({ state }) => state === 'starting'))
  t.equal(await inTime(daemon.close()), true)
})

await t.test('the next one starts it', async (t) => {
  const daemon = await Daemon.open(place, log)
  await daemon.begun
  await until(() => daemon.host.containers.get('web').state === 'running')
  await daemon.close()
  t.same(told, [], 'nothing went wrong')
})
