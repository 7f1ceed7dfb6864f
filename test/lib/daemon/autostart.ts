// What starts by itself does when the daemon has its pool, in order, and once: the next daemon leaves alone what somebody
// has stopped.
import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { startByItself } from '../../../dist/daemon/autostart.js'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { daemonPlace } from '../../helpers/daemon.js'
import { busybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const place = await daemonPlace(t)
const told: string[] = []
const log = pino({ level: 'error' }, { write: (line: string) => void told.push(line) })
/** One that has begun. */
async function open(more: { autostart?: boolean } = {}): Promise<Daemon> {
  const daemon = await Daemon.open({ ...place, ...more }, log)
  await daemon.begun
  return daemon
}
const states = ({ host }: Daemon) =>
  Object.fromEntries(host.containers.list().map(({ id, state }) => [id, state]))

/** In ticks since the boot, proc_pid_stat(5). */
function begunAt(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(fields[22 - 3])
}

await t.test('not where the configuration says so', async (t) => {
  const daemon = await open({ autostart: false })
  const { containers } = daemon.host
  await containers.create({ id: 'web', image: busybox, autostart: { requires: ['db'] } })
  await containers.create({ id: 'db', image: busybox, autostart: { priority: 90 } })
  await containers.create({ id: 'idle', image: busybox })
  await daemon.close()
  const again = await open({ autostart: false })
  t.same(states(again), { db: 'stopped', idle: 'stopped', web: 'stopped' })
  await again.close()
})

await t.test('in order, and nothing else', async (t) => {
  const daemon = await open()
  t.same(states(daemon), { db: 'running', idle: 'stopped', web: 'running' })
  const [db = 0, web = 0] = ['db', 'web'].map((id) =>
    begunAt(daemon.host.containers.get(id).show().initPid ?? 0),
  )
  t.ok(db > 0 && db <= web, 'first the one that the other requires')
  await daemon.host.containers.get('web').kill()
  await daemon.close()
})

await t.test('once: what was stopped stays so, what runs goes on', async (t) => {
  const daemon = await open()
  t.same(states(daemon), { db: 'running', idle: 'stopped', web: 'stopped' })
  await daemon.close()
  t.same(told, [], 'nothing went wrong')
})

await t.test('what an export cuts off has not failed', async (t) => {
  const daemon = await open({ autostart: false })
  const { containers, pools } = daemon.host
  for (const id of ['db', 'web']) await containers.get(id).delete({ force: true })
  const broken = { image: busybox, initCmd: ['/no/such/init'] }
  await containers.create({ id: 'bad', ...broken, autostart: { priority: 1 } })
  const pool = pools.get('tank')
  const lines: string[] = []
  const starting = startByItself(pool, pino({}, { write: (line: string) => void lines.push(line) }))
  await until(() => pool.autostart.queue().some(({ state }) => state === 'pausing'))
  await pools.export('tank')
  await starting
  t.equal(lines.length, 1)
  t.match(JSON.parse(lines[0] ?? '') as unknown, {
    level: 30,
    container: 'bad',
    msg: 'autostart was cut off',
  })
  await daemon.close()
})
