// Programs and consoles over the daemon's socket, also while it is replaced.
import { once } from 'node:events'
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { Daemon } from '../../../dist/daemon/daemon.js'
import { frame, FrameCutter } from '../../../dist/daemon/frames.js'
import { Client, daemonPlace } from '../../helpers/daemon.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { aWhile } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = await daemonPlace(t)
let daemon = await Daemon.open(options, pino({ level: 'silent' }))
t.teardown(() => daemon.close())
await daemon.begun
const client = new Client(options.socket)
await client.ask('POST /v1/containers', { id: 'web', image: { distribution: 'busybox' } })
await client.ask('POST /v1/containers/web/start')

/** A client's end of a stream. */
class Stream {
  readonly said = new Map<string, Buffer[]>()
  closed = false

  constructor(readonly socket: Socket) {
    const cutter = new FrameCutter()
    socket.on('data', (bytes: Buffer) => {
      for (const { kind, bytes: inside } of cutter.cut(bytes)) {
        this.said.set(kind, [...(this.said.get(kind) ?? []), Buffer.from(inside)])
      }
    })
    socket.on('error', () => undefined)
    socket.on('close', () => (this.closed = true))
  }

  static open(path: string): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const headers = { connection: 'upgrade', upgrade: 'osctl' }
      const sent = request({ socketPath: options.socket, path, headers })
      sent.once('error', reject)
      sent.once('upgrade', (_response, socket: Socket, head) => {
        const stream = new Stream(socket)
        if (head.length > 0) socket.emit('data', head)
        resolve(stream)
      })
      sent.once('response', (response) => {
        response.resume()
        reject(Object.assign(new Error('refused'), { code: `${response.statusCode}` }))
      })
      sent.end()
    })
  }

  send(kind: string, value: string | Buffer | object): void {
    const bytes =
      typeof value === 'string'
        ? Buffer.from(value)
        : Buffer.isBuffer(value)
          ? value
          : Buffer.from(JSON.stringify(value))
    this.socket.write(frame(kind, bytes))
  }

  text(kind: string): string {
    return Buffer.concat(this.said.get(kind) ?? []).toString()
  }

  json(kind: string): Record<string, unknown> {
    return JSON.parse(this.text(kind)) as Record<string, unknown>
  }

  async has(kind: string): Promise<void> {
    await until(() => this.said.has(kind))
  }

  async end(): Promise<void> {
    if (!this.closed) await once(this.socket, 'close')
  }
}

const spawn = '/v1/containers/web/spawn'
const sessions = async () =>
  (await client.ask('GET /v1/containers/web/sessions')).body as { session: number }[]

await t.test('a program with its streams', async (t) => {
  const stream = await Stream.open(spawn)
  stream.send('b', { args: ['sh', '-c', 'cat; echo no >&2; exit 3'] })
  stream.send('i', 'one ')
  stream.send('i', 'two')
  stream.send('e', '')
  await stream.end()
  t.match(stream.json('B'), { session: Number, pid: Number, tty: false })
  t.equal(stream.text('O'), 'one two')
  t.equal(stream.text('E'), 'no\n')
  t.same(stream.json('X'), { exitCode: 3, signal: null })
  t.equal(stream.said.get('T')?.at(-1)?.readBigUInt64BE(), 7n)
})

await t.test('a terminal, its window, and signals', async (t) => {
  const stream = await Stream.open(spawn)
  stream.send('b', { args: ['sh'], tty: { rows: 24, cols: 80 } })
  await stream.has('B')
  stream.send('w', { rows: 33, cols: 99 })
  stream.send('i', 'stty size; echo re""ady; sleep 1000\n')
  await until(() => stream.text('O').includes('ready'))
  t.match(stream.text('O'), /33 99/)
  stream.send('s', 'SIGKILL')
  await stream.end()
  t.same(stream.json('X'), { exitCode: null, signal: 'SIGKILL' })
})

await t.test('whoever goes takes the program along, unless it is to be kept', async (t) => {
  const first = await Stream.open(spawn)
  first.send('b', { args: ['sleep', '1000'] })
  await first.has('B')
  t.equal((await sessions()).length, 1)
  first.socket.destroy()
  await until(async () => (await sessions()).length === 0)

  const second = await Stream.open(`${spawn}?keep=true`)
  second.send('b', { args: ['cat'] })
  await second.has('B')
  const { session } = second.json('B') as { session: number }
  second.socket.destroy()
  await sleep(100)
  t.match(await sessions(), [{ session }])
  const third = await Stream.open(`/v1/containers/web/sessions/${session}`)
  third.send('i', 'again')
  await until(() => third.text('O') === 'again')
  const kill = `POST /v1/containers/web/sessions/${session}/kill?signal=SIGHUP` as const
  t.equal((await client.ask(kill)).status, 204)
  await third.end()
  t.same(third.json('X'), { exitCode: null, signal: 'SIGHUP' })
  t.equal((await client.ask(kill)).status, 404)
})

await t.test('a program that reads nothing, and whoever wrote to it and goes', async (t) => {
  const stream = await Stream.open(spawn)
  stream.send('b', { args: ['sleep', '1000'] })
  await stream.has('B')
  for (let i = 0; i < 32; i++) stream.send('i', Buffer.alloc(64 * 1024))
  await stream.has('W')
  stream.socket.destroy()
  await until(async () => (await sessions()).length === 0)
  t.notOk(stream.said.has('X'))
})

await t.test('the console', async (t) => {
  const stream = await Stream.open('/v1/containers/web/console')
  await stream.has('B')
  await client.ask('POST /v1/containers/web/exec', {
    args: ['sh', '-c', 'echo told > /dev/console'],
  })
  await stream.has('C')
  const [first = Buffer.alloc(0)] = stream.said.get('C') ?? []
  const length = first.readUInt16BE()
  t.match(JSON.parse(first.subarray(2, 2 + length).toString()), { file: String, offset: Number })
  await until(() => stream.text('C').includes('told'))
  stream.send('w', { rows: 30, cols: 90 })
  stream.send('i', '\r')
  stream.send('i', '\r')
  stream.socket.end()
  await stream.end()
  t.pass('and it is left')
})

await t.test('a console to the end of what was said', async (t) => {
  const stream = await Stream.open('/v1/containers/web/console')
  stream.send('e', '')
  await stream.end()
  t.match(stream.text('C'), /told/)
  t.same(stream.json('X'), {})
})

await t.test('a console of what is deleted', async (t) => {
  await client.ask('POST /v1/containers', { id: 'gone', image: { distribution: 'busybox' } })
  const stream = await Stream.open('/v1/containers/gone/console')
  await stream.has('B')
  await client.ask('DELETE /v1/containers/gone')
  await stream.end()
  t.same(stream.json('X'), {})
})

await t.test('a console, and a client that goes without having read all', async (t) => {
  await client.ask('POST /v1/containers', { id: 'said', image: { distribution: 'busybox' } })
  const log = join(daemon.host.pools.get('tank').show().path, 'log/ct/said.console')
  // More than what is between holds.
  writeFileSync(log, Buffer.alloc(2 ** 22, 'x'))
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === log
      } catch {
        return false
      }
    })
  const stream = await Stream.open('/v1/containers/said/console')
  stream.socket.pause()
  await until(isOpen)
  await sleep(300)
  t.ok(isOpen(), 'it waits to be read')
  stream.socket.destroy()
  await until(() => !isOpen())
  await client.ask('DELETE /v1/containers/said')
})

await t.test('keys for a console of what does not run', async (t) => {
  const stream = await Stream.open('/v1/containers/web/console?since=now')
  await stream.has('B')
  await client.ask('POST /v1/containers/web/stop?method=kill')
  stream.send('i', 'nobody')
  // As frames are taken one after the other, this one is after the key.
  stream.send('w', { rows: 30, cols: 90 })
  await client.ask('POST /v1/containers/web/start')
  await until(() => stream.said.has('C'))
  t.notOk(stream.closed, 'it goes on')
  t.notOk(stream.said.has('F'))
  stream.socket.end()
  await stream.end()
})

await t.test('what is wrong is told', async (t) => {
  for (const [path, status] of [
    ['/v1/containers/none/spawn', 404],
    ['/v1/containers/web/nothing', 404],
    ['/v1/containers/web/sessions/9999', 404],
    ['/v1/containers/%ff/spawn', 400],
    ['/v1/containers/web/spawn?kep=true', 400],
    ['/v1/containers/web/console?since=then', 400],
  ] as const) {
    await t.rejects(Stream.open(path), { code: `${status}` }, path)
  }
  for (const [kind, value, code] of [
    ['i', 'too early', 'ERR_INVALID_ARGUMENT'],
    ['b', { args: [] }, 'ERR_INVALID_ARGUMENT'],
    ['b', 'no JSON', 'ERR_INVALID_ARGUMENT'],
    ['b', { args: ['/none'] }, 'ENOENT'],
    ['?', '', 'ERR_INVALID_ARGUMENT'],
  ] as const) {
    const stream = await Stream.open(spawn)
    stream.send(kind, value)
    await stream.end()
    t.match(stream.json('F'), { code }, `${kind} ${JSON.stringify(value)}`)
  }
  const long = await Stream.open(spawn)
  long.socket.write(Buffer.from([0x62, 0xff, 0xff, 0xff, 0xff]))
  await long.end()
  t.match(long.json('F'), { message: /262144 bytes/ })
  t.same(await sessions(), [])
})

await t.test('what follows something wrong is not done', async (t) => {
  const stream = await Stream.open(`${spawn}?keep=true`)
  // It goes no sooner than it reads that it was refused.
  stream.socket.pause()
  const begin = Buffer.from(JSON.stringify({ args: ['sleep', '1000'] }))
  const frames = [frame('?', Buffer.alloc(0)), frame('b', begin)]
  stream.socket.write(Buffer.concat(frames))
  await sleep(aWhile(500))
  t.same(await sessions(), [])
  stream.socket.resume()
  await stream.end()
  t.match(stream.json('F'), { code: 'ERR_INVALID_ARGUMENT' })
  t.notOk(stream.said.has('B'))
  t.same(await sessions(), [])
})

await t.test('a client that pauses for longer than a program goes on', async (t) => {
  const stream = await Stream.open(spawn)
  // More than what is between holds, and so little more that osctld has all of it.
  const bytes = 270_000
  stream.send('b', { args: ['sh', '-c', `read go; yes | head -c ${bytes}`] })
  await stream.has('B')
  stream.socket.pause()
  stream.send('i', '\n')
  await sleep(6000)
  stream.socket.resume()
  await stream.end()
  t.equal(stream.text('O').length, bytes)
  t.match(stream.json('X'), { exitCode: 0 })
})

await t.test('a client that pauses, and the daemon is replaced meanwhile', async (t) => {
  const [reads, pauses] = await Promise.all([Stream.open(spawn), Stream.open(spawn)])
  reads.send('b', { args: ['cat'] })
  await reads.has('B')
  pauses.send('b', { args: ['sh', '-c', 'read go; yes | head -c 600000; cat'] })
  await pauses.has('B')
  pauses.socket.pause()
  pauses.send('i', '\n')
  // Of a stream that is paused, Node reads some more; then it does not, and what is between fills.
  await until(() => pauses.socket.readableLength >= pauses.socket.readableHighWaterMark)
  await sleep(aWhile(500))
  const ended = Promise.all([reads.end(), pauses.end()])
  await daemon.close()
  pauses.socket.resume()
  await ended
  t.ok(reads.said.has('D'), 'whoever has all is told so')
  t.notOk(pauses.said.has('D'), 'and who has not is not')
  daemon = await Daemon.open(options, pino({ level: 'silent' }))
  await daemon.begun
  for (const { session } of await sessions()) {
    await client.ask(`POST /v1/containers/web/sessions/${session}/kill?signal=SIGKILL`)
    const again = await Stream.open(`/v1/containers/web/sessions/${session}`)
    await again.end()
  }
})

await t.test('a slow client, and the daemon is replaced meanwhile', async (t) => {
  const first = await Stream.open(spawn)
  const script = 'i=0; while [ $i -lt 60000 ]; do echo "$i is a number"; i=$((i+1)); done'
  first.send('b', { args: ['sh', '-c', script] })
  await first.has('O')
  const { session } = first.json('B') as { session: number }
  first.socket.pause()
  await sleep(300)
  const closing = daemon.close()
  await sleep(100)
  first.socket.resume()
  await closing
  await first.end()
  t.notOk(first.said.has('X'), 'it was not read to its end')
  daemon = await Daemon.open(options, pino({ level: 'silent' }))
  await daemon.begun
  const second = await Stream.open(`/v1/containers/web/sessions/${session}`)
  await second.end()
  const numbers = Array.from({ length: 60_000 }, (_, i) => `${i} is a number\n`).join('')
  t.ok(first.text('O') + second.text('O') === numbers, 'all of it, once')
  t.match(second.json('X'), { exitCode: 0 })
})

await t.test('nothing is lost, and nothing told twice, when the daemon is replaced', async (t) => {
  const count = 5
  const begin = {
    args: ['sh', '-c', 'i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done; cat'],
  }
  const all = await Promise.all(Array.from({ length: count }, () => Stream.open(spawn)))
  for (const one of all) one.send('b', begin)
  for (const one of all) one.send('i', 'before\n')
  for (const one of all) await one.has('B')
  const ids = all.map((one) => one.json('B')['session'] as number)
  // In the middle of it, where it can be.
  await daemon.close()
  for (const one of all) await one.end()
  daemon = await Daemon.open(options, pino({ level: 'silent' }))
  await daemon.begun
  const next = await Promise.all(ids.map((id) => Stream.open(`/v1/containers/web/sessions/${id}`)))
  const numbers = Array.from({ length: 3000 }, (_, i) => `${i}\n`).join('')
  for (const [i, one] of next.entries()) {
    // What was not taken is said again.
    const taken = all[i]?.said.get('T')?.at(-1)?.readBigUInt64BE() ?? 0n
    one.send('i', 'before\n'.slice(Number(taken)))
    one.send('i', 'after\n')
    one.send('e', '')
    await one.end()
    t.equal(`${all[i]?.text('O')}${one.text('O')}`, `${numbers}before\nafter\n`)
    t.match(one.json('X'), { exitCode: 0 })
  }
})
