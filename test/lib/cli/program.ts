// A program whose osctld is replaced: what osctl makes of what the old one has said, and of what it has not.
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { Socket } from 'node:net'
import t, { type Test } from 'tap'
import { DaemonClient } from '../../../dist/cli/daemon-client.js'
import { runProgram } from '../../../dist/cli/program-client.js'
import type { Session } from '../../../dist/cli/session.js'
import { frame, FrameCutter, type Frame } from '../../../dist/daemon/frames.js'
import { upTo } from '../../helpers/time.js'

const dir = mkdtempSync(join(tmpdir(), 'program-'))
t.teardown(() => rmSync(dir, { recursive: true }))
let servers = 0

const UPGRADED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: osctl\r\n\r\n'
const NOTHING = Buffer.alloc(0)
const json = (kind: string, value: unknown) => frame(kind, Buffer.from(JSON.stringify(value)))

interface Peer {
  readonly socket: Socket
  readonly frames: readonly Frame[]
}

const ERROR = JSON.stringify({
  error: { code: 'ERR_NOT_FOUND', message: "session '7' not found", kind: 'session' },
})
const NO_SESSION =
  'HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-type: application/json\r\n' +
  `content-length: ${ERROR.length}\r\n\r\n${ERROR}`

/** A daemon that is replaced by the next after each connection. @param each what they do with theirs; more do not know the program */
async function daemons(t: Test, ...each: ((peer: Peer, frame: Frame) => void)[]) {
  const path = join(dir, String(servers++))
  const server = createServer()
  let connections = 0
  server.on('upgrade', (_request, socket: Socket) => {
    const does = each[connections++]
    if (does === undefined) return void socket.end(NO_SESSION)
    const cutter = new FrameCutter()
    const frames: Frame[] = []
    const peer = { socket, frames }
    socket.write(UPGRADED)
    socket.on('error', () => undefined)
    socket.on('data', (bytes: Buffer) => {
      try {
        for (const one of cutter.cut(bytes)) {
          frames.push(one)
          does?.(peer, one)
        }
      } catch (error) {
        socket.end(json('F', { code: 'ERR_INVALID_ARGUMENT', message: (error as Error).message }))
      }
    })
  })
  server.listen(path)
  await once(server, 'listening')
  t.teardown(() => server.close())
  return new DaemonClient(path, 'test')
}

const run = (daemon: DaemonClient, input = new PassThrough()) =>
  runProgram({ daemon } as Session, 'web', { args: ['cat'] }, input)

const begins =
  (last: Buffer) =>
  ({ socket }: Peer, { kind }: Frame) => {
    if (kind !== 'b') return
    socket.write(json('B', { session: 7, pid: 1, tty: false }))
    socket.end(last)
  }
const ends = ({ socket }: Peer) => socket.end(json('X', { exitCode: 3, signal: null }))

await t.test('one that has said all', async (t) => {
  const daemon = await daemons(t, begins(frame('D', NOTHING)), ends)
  const input = new PassThrough()
  input.end()
  t.equal(await run(daemon, input), 3)
})

await t.test('one that has not', async (t) => {
  const daemon = await daemons(t, begins(NOTHING), ends)
  const input = new PassThrough()
  input.end()
  await t.rejects(run(daemon, input), { message: /output may be missing/ })
})

const CHUNK = 60_000

await t.test('input that the next one has to take again', async (t) => {
  // More than a frame holds.
  const content = Buffer.alloc(5 * CHUNK, 'input ')
  let taken = 0
  const daemon = await daemons(
    t,
    ({ socket }, { kind, bytes }) => {
      if (kind === 'b') socket.write(json('B', { session: 7, pid: 1, tty: false }))
      if (kind === 'i') taken += bytes.length
      if (taken === content.length) socket.end(frame('D', NOTHING))
    },
    (peer, { kind }) => {
      const input = peer.frames.filter((one) => one.kind === 'i').map(({ bytes }) => bytes)
      const all = Buffer.concat(input)
      if (kind === 'i' && all.length === content.length) {
        t.ok(all.equals(content), 'all of it')
        const told = Buffer.alloc(8)
        told.writeBigUInt64BE(BigInt(all.length))
        peer.socket.write(frame('T', told))
      }
      if (kind === 'e') ends(peer)
    },
  )
  const input = new PassThrough()
  for (let from = 0; from < content.length; from += CHUNK)
    input.write(content.subarray(from, from + CHUNK))
  input.end()
  t.equal(await run(daemon, input), 3)
})

await t.test('one that does not know of it any more', async (t) => {
  const daemon = await daemons(t, begins(frame('D', NOTHING)))
  const since = Date.now()
  await t.rejects(run(daemon), { code: 'ERR_NOT_FOUND', message: /session '7' not found/ })
  t.ok(Date.now() - since < upTo(10_000), 'is not asked again and again')
})
