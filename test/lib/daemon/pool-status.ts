// How far each pool of the configuration is, and why one could not be imported, for as long as that is so.
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { Client, daemonPlace } from '../../helpers/daemon.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const place = await daemonPlace(t)
const other = { name: 'other', path: join(dirname(place.socket), 'other') }
const options = { ...place, pools: [...(place.pools ?? []), other] }
const bad = join(dirname(place.socket), 'tank/conf/ct/bad.yml')
writeFileSync(bad, 'user: [x\n')
const told: string[] = []
const log = pino({ level: 'warn' }, { write: (line: string) => void told.push(line) })
const daemon = await Daemon.open(options, log)
t.teardown(() => daemon.close())
await daemon.begun
const client = new Client(place.socket)
const status = async () => {
  const { body } = await client.ask('GET /v1/status')
  return (body as { pools: Record<string, object> }).pools['other']
}

await t.test('one that somebody imports afterwards, and lets go of', async (t) => {
  t.match(await status(), { state: 'failed', error: { message: /other/ } })
  t.match(await client.ask('POST /v1/pools/install', { ...other, driver: 'dir' }), { status: 200 })
  t.same(await status(), { state: 'active', options: other })
  t.match(await client.ask('POST /v1/pools/other/export'), { status: 204 })
  t.same(await status(), { state: 'exported', options: other }, 'the error is of the past')
})

await t.test('a file that cannot be used is told of in the log', (t) => {
  const [line = 'null', ...more] = told.filter((line) => line.includes('"pool":"tank"'))
  t.match(JSON.parse(line), { pool: 'tank', path: bad, reason: /bad\.yml:\d+:\d+: / })
  t.same(more, [])
  t.end()
})
