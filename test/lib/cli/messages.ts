// Who cannot be told in time is not waited for.
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { DaemonClient } from '../../../dist/cli/daemon-client.js'
import { tellUsers } from '../../../dist/cli/messages.js'
import type { Session } from '../../../dist/cli/session.js'

const dir = mkdtempSync(join(tmpdir(), 'messages-'))
t.teardown(() => rmSync(dir, { recursive: true }))

await t.test('guests that take no message', async (t) => {
  const socket = join(dir, 'socket')
  const late = new AbortController()
  let asked = 0
  const server = createServer().on('request', (request, response) => {
    if (request.url?.includes('/web0/') === true) response.writeHead(204).end()
    // As many as are asked at once: the first one has been told.
    else if (++asked === 8) late.abort(new Error('too late'))
  })
  server.listen(socket)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const containers = Array.from({ length: 30 }, (_, number) => `web${number}`)
  const session = { daemon: new DaemonClient(socket, 'test') } as Session
  const { signal } = late
  const told = await tellUsers(session, containers, { message: 'bye', banner: true }, signal)
  t.equal(asked, 8, 'all together have the time')
  t.same(
    told.map(({ container }) => container),
    containers,
  )
  t.equal(told[0]?.error, null)
  t.ok(
    told.slice(1).every(({ error }) => error !== null),
    'and who could not be told is said',
  )
})
