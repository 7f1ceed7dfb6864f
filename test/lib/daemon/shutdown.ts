// An osctld goes on with a shutdown at once: a pool on a disk that does not answer holds up none of the others.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { Client, daemonPlace } from '../../helpers/daemon.js'
import { startedContainer } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const place = await daemonPlace(t)
const log = pino({ level: 'silent' })
const hung = { name: 'hung', path: join(dirname(place.socket), 'hung') }
const stateDir = join(dirname(place.socket), 'state')
{
  const daemon = await Daemon.open(place, log)
  await daemon.begun
  await startedContainer(daemon.host, { id: 'web' })
  await daemon.host.pools.install(hung)
  await daemon.close()
}

// What its import reads. Who opens a pipe that nobody writes to waits.
const pipe = join(stateDir, 'keeper/exits/hung:any')
mkdirSync(dirname(pipe), { recursive: true })
execFileSync('mkfifo', [pipe])
const answer = (): void => {
  if (!existsSync(pipe)) return
  // Also where nobody waits.
  closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK))
  rmSync(pipe)
}

await t.test('others are stopped and exported meanwhile', async (t) => {
  const marker = join(stateDir, 'shutdown')
  writeFileSync(marker, '')
  chmodSync(marker, 0)
  const daemon = await Daemon.open({ ...place, pools: [...(place.pools ?? []), hung] }, log)
  t.teardown(() => daemon.close())
  t.teardown(answer)
  const client = new Client(place.socket)
  const pools = async () => {
    const { body } = await client.ask('GET /v1/status')
    return (body as { pools: Record<string, { state: string }> }).pools
  }
  await until(async () => (await pools())['tank']?.state === 'exported')
  t.match(await pools(), { hung: { state: 'importing' } })
  t.equal(await daemon.host.shutdownState(), 'under-way')
  answer()
  await until(async () => (await daemon.host.shutdownState()) === 'finished')
  t.match(await pools(), { hung: { state: 'exported' } })
  await daemon.host.abortShutdown()
})
