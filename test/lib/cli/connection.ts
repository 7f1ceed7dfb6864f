// A connection that is closed ends, also in the moment in which it looks for a daemon that has come back.
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

/** One that upgrades every connection, and tells of it. */
async function upgrading(path: string, onUpgrade: (end: () => void) => void) {
  const server = createServer()
  server.on('upgrade', (_request, socket) => {
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: osctl\r\n\r\n',
    )
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
