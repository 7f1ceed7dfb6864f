// A connection that is closed ends, also in the moment in which it looks for a daemon that has come back, or while that
// does not answer; and so does one to what is not there any more.
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { Connection } from '../../../dist/cli/connection.js'
import { DaemonClient } from '../../../dist/cli/daemon-client.js'

const dir = mkdtempSync(join(tmpdir(), 'connection-'))
t.teardown(() => rmSync(dir, { recursive: true }))

const UPGRADED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: osctl\r\n\r\n'

/** One that upgrades every connection, and tells of it. */
async function upgrading(path: string, onUpgrade: (end: () => void) => void) {
  const server = createServer()
  server.on('upgrade', (_request, socket) => {
    socket.write(UPGRADED)
    onUpgrade(() => socket.destroy())
    socket.on('error', () => undefined).resume()
  })
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
}

for (const [name, when] of [
  ['while it waits to look again', 'between'],
  ['while it is being connected', 'during'],
] as const) {
  await t.test(name, async (t) => {
    const path = join(dir, when)
    let upgrades = 0
    await upgrading(path, (end) => {
      upgrades++
      // The first is lost; it is looked for again.
      if (upgrades === 1) end()
      else if (when === 'during') connection.close()
    })
    let opened = 0
    const connection = new Connection(
      new DaemonClient(path, 'test'),
      () => ({ where: 'GET /containers/web/console' }),
      () => {
        opened++
        if (when === 'between') setTimeout(() => connection.close(), 100)
      },
    )
    await connection.run(() => false)
    t.equal(opened, 1, 'it was not opened again')
  })
}

await t.test('while the daemon does not answer, of which it tells', async (t) => {
  const path = join(dir, 'silent')
  const server = createServer()
  let upgrades = 0
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined)
    if (++upgrades === 1) socket.end(UPGRADED)
    else t.teardown(() => socket.destroy())
  })
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  let told = 0
  const connection = new Connection(
    new DaemonClient(path, 'test'),
    () => ({ where: 'GET /containers/web/console' }),
    () => t.notOk(connection.away),
    () => {
      told++
      t.ok(connection.away)
      connection.close()
    },
  )
  await connection.run(() => false)
  t.equal(told, 1)
})

await t.test('of a container that was deleted, once all pools are imported', async (t) => {
  const path = join(dir, 'deleted')
  let upgrades = 0
  const states = ['importing', 'active']
  const server = createServer((_request, response) => {
    const state = states.shift() ?? 'active'
    response.end(JSON.stringify({ pools: { tank: { state } } }))
  })
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined)
    if (++upgrades === 1) return void socket.end(UPGRADED)
    const error = { code: 'ERR_NOT_FOUND', message: 'gone', kind: 'container' }
    const text = JSON.stringify({ error })
    socket.end(`HTTP/1.1 404 Not Found\r\ncontent-length: ${text.length}\r\n\r\n${text}`)
  })
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  const connection = new Connection(
    new DaemonClient(path, 'test'),
    () => ({ where: 'GET /containers/web/console' }),
    () => undefined,
  )
  await t.rejects(
    connection.run(() => false),
    { code: 'ERR_NOT_FOUND' },
  )
  t.equal(upgrades, 4, 'it was looked for once more after that')
})
