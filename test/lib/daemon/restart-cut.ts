// An osctld that ends in the middle of a restart: the container, whose init was told to shut down, is started by the next one.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { Client, daemonPlace } from '../../helpers/daemon.js'
import { startedContainer } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const place = await daemonPlace(t)
const client = new Client(place.socket)
const told: string[] = []
const log = pino({ level: 'error' }, { write: (line: string) => void told.push(line) })
const note = join(dirname(place.socket), 'state/pools/tank/rest.web')
async function open(): Promise<Daemon> {
  const daemon = await Daemon.open(place, log)
  t.teardown(() => daemon.close())
  await daemon.begun
  return daemon
}

/** It shuts down in no hurry: osctld has ended before. */
const SLOW = `console::askfirst:-/bin/sh\n::shutdown:/bin/sh -c "sleep ${Math.min(upTo(2), 20)}"\n`

for (const [timeout, noted] of [
  [String(upTo(50_000)), upTo(50_000)],
  ['infinity', null],
] as const) {
  await t.test(`of a stop that may take ${timeout}`, async (t) => {
    const first = await open()
    const found = first.host.containers.find('web')
    const web = found ?? (await startedContainer(first.host, { id: 'web' }))
    await web.push('/etc/inittab', SLOW)
    await web.restart({ method: 'kill' })
    t.notOk(existsSync(note))
    const { initPid } = web.show()
    const asked = client.ask(`POST /v1/containers/web/restart?timeout=${timeout}`)
    const answered = asked.catch(() => null)
    await until(() => web.state === 'stopping')
    await first.close()
    await answered
    t.match(JSON.parse(readFileSync(note, 'utf8')), { resume: 'start', initPid, timeout: noted })

    const second = await open()
    const again = second.host.containers.get('web')
    await until(() => again.state === 'running' && again.show().initPid !== initPid)
    await until(() => !existsSync(note))
    await second.close()
  })
}

await t.test('one that is given up is stopped, and stays so', async (t) => {
  const { host } = await open()
  const web = host.containers.get('web')
  const headers = { 'operation-id': 'mine' }
  const asked = client.ask('POST /v1/containers/web/restart', undefined, headers)
  await until(() => web.state === 'stopping')
  t.match(await client.ask('DELETE /v1/operations/mine'), { status: 204 })
  t.match(await asked, { status: 409, body: { error: { code: 'ERR_CANCELLED' } } })
  t.notOk(existsSync(note))
  t.same(told, [], 'none of that is a failure')
})
