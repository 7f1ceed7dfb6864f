// A file that is sent takes as long as it takes; whatever else a client has to say has its time.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createConnection } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { buffer } from 'node:stream/consumers'
import { pino } from 'pino'
import t from 'tap'
import type { Host } from 'vpsadminos'
import { makeApi } from '../../../dist/daemon/api.js'
import { Tasks } from '../../../dist/daemon/under-way.js'

const LIMIT_MS = 200
let pushed = ''
const container = {
  push: async (_path: string, source: Readable) => {
    pushed = String(await buffer(source))
  },
}
const none = () => null
const host = {
  containers: { get: () => container, find: none },
  pools: { list: () => [], find: none },
} as unknown as Host
const app = await makeApi({
  host,
  tasks: new Tasks(),
  log: pino({ level: 'silent' }),
  status: () => ({}),
  bodyMs: LIMIT_MS,
})
// The API leaves it to who listens.
t.teardown(() => app.server.close())
app.server.listen(0, '127.0.0.1')
await once(app.server, 'listening')
const { port } = app.server.address() as AddressInfo

/** What is answered to a body in two halves, with a pause between them: longer than the limit, or until it is over. */
async function slowly(
  where: string,
  type: string,
  [first, second]: [string, string],
  pause: 'long' | 'endless',
) {
  const socket = createConnection(port, '127.0.0.1')
  const length = first.length + second.length
  const headers = `host: a\r\nconnection: close\r\ncontent-type: ${type}\r\ncontent-length: ${length}`
  socket.on('error', () => undefined)
  socket.write(`${where} HTTP/1.1\r\n${headers}\r\n\r\n${first}`)
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
  const closed = once(socket, 'close')
  if (pause === 'long') {
    await sleep(3 * LIMIT_MS)
    socket.write(second)
  }
  await closed
  return answer
}

await t.test('a file', async (t) => {
  const answer = await slowly(
    'PUT /v1/containers/web/files?path=/file',
    'application/octet-stream',
    ['one ', 'two'],
    'long',
  )
  t.match(answer, /^HTTP\/1\.1 204 /)
  t.equal(pushed, 'one two')
  t.equal(app.server.requestTimeout, 0, 'nor is there a limit of Node.js')
})

await t.test('anything else', async (t) => {
  const halves: [string, string] = ['{"id":', '"web"}']
  const answer = await slowly('POST /v1/containers', 'application/json', halves, 'endless')
  t.match(answer, /^HTTP\/1\.1 408 /)
  t.equal(app.server.headersTimeout, 60_000)
})
