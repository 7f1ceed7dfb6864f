// Whoever watches states is told where some may be missing.
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Osctl } from '../../helpers/osctl.js'

const dir = mkdtempSync(join(tmpdir(), 'monitor-'))
t.teardown(() => rmSync(dir, { recursive: true }))

await t.test('events that were lost', async (t) => {
  const socket = join(dir, 'socket')
  const events = [
    { type: 'gap', from: 3, to: 9 },
    { type: 'state', pool: 'tank', id: 'web1', state: 'running' },
  ]
  const server = createServer((_request, response) => {
    response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  })
  server.listen(socket)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { stdout, stderr } = await new Osctl(socket).run('ct monitor web1')
  t.equal(stdout, 'state tank web1 running\n')
  t.equal(stderr, 'Events were lost: states may be missing\n')
})
