// The program: how it begins and ends, who may ask it, and what it makes of nonsense.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { Client, daemonPlace } from '../../helpers/daemon.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const program = fileURLToPath(new URL('../../../dist/daemon/osctld.js', import.meta.url))
const options = await daemonPlace(t)
const config = join(dirname(options.socket), 'osctld.yml')
// JSON is YAML, too.
writeFileSync(config, JSON.stringify(options))
const client = new Client(options.socket)
const run = promisify(execFile)

class Program {
  readonly child
  stdout = ''
  stderr = ''
  readonly #end

  constructor(t: Test, ...args: string[]) {
    this.child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout.on('data', (text: Buffer) => (this.stdout += text.toString()))
    this.child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()))
    this.#end = once(this.child, 'close')
    t.teardown(() => this.child.kill('SIGKILL'))
  }

  /** Its exit code, or the signal that ended it. */
  async end(): Promise<unknown> {
    const [code, signal] = (await this.#end) as [number | null, string | null]
    return code ?? signal
  }

  async answers(): Promise<void> {
    await until(async () => {
      const answer = await client.ask('GET /v1/status').catch(() => null)
      return JSON.stringify(answer?.body ?? '').includes('active')
    })
  }
}

/** What the server says to bytes, until it hangs up. */
async function raw(bytes: string | Buffer): Promise<string> {
  const socket = connect(options.socket)
  let text = ''
  socket.on('data', (data) => (text += data.toString()))
  socket.on('error', () => undefined)
  socket.end(bytes)
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}

await t.test('what it cannot begin with', async (t) => {
  const wrong = join(dirname(options.socket), 'wrong.yml')
  for (const [text, said] of [
    ['stateDir: here', /osctld\.stateDir: must be an absolute path/],
    ['poools: []', /osctld\.poools: no such option/],
    ['pools: [', /flow/i],
    ['[]', /osctld: must be an object/],
  ] as const) {
    writeFileSync(wrong, text)
    const one = new Program(t, '--config', wrong)
    t.equal(await one.end(), 1, text)
    t.match(one.stderr, said)
    t.notMatch(one.stderr, /\n\s+at /, 'in words')
  }
  const none = new Program(t, '--config', '/none')
  t.equal(await none.end(), 1)
  t.match(none.stderr, /ENOENT.*\/none/)
  const help = new Program(t, '--help')
  t.equal(await help.end(), 0)
  t.match(help.stdout, /--config FILE/)
  const version = new Program(t, '--version')
  t.equal(await version.end(), 0)
  t.match(version.stdout, /^osctld \d+\.\d+\.\d+\n$/)
})

await t.test(
  'what is where its socket is to be stays, unless it is the socket of one that is gone',
  async (t) => {
    const given = join(dirname(options.socket), 'elsewhere.yml')
    const refused = async (socket: string, said: RegExp): Promise<void> => {
      writeFileSync(given, JSON.stringify({ ...options, socket }))
      const one = new Program(t, '--config', given)
      t.equal(await one.end(), 1)
      t.match(one.stderr, said)
    }
    const file = join(dirname(options.socket), 'precious')
    writeFileSync(file, 'text')
    await refused(file, /osctld\.socket: '.*precious' is there, and is no socket/)
    t.equal(readFileSync(file, 'utf8'), 'text')
    await refused(join(file, 'a/b.sock'), /osctld\.socket: there is no directory/)
    const other = join(dirname(options.socket), 'other.sock')
    const server = createServer().listen(other)
    await once(server, 'listening')
    await refused(other, /osctld\.socket: another program answers at '.*other\.sock'/)
    const heard = once(server, 'connection')
    connect(other).end()
    await heard
    server.close()
  },
)

await t.test('a socket that a service manager passes', async (t) => {
  const passed = join(dirname(options.socket), 'passed.sock')
  const server = createServer()
  server.listen(`${passed}.first`)
  await once(server, 'listening')
  // Closing it takes its own name away.
  linkSync(`${passed}.first`, passed)
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle
  const script = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" "$@"'
  const args = ['-c', script, process.execPath, program, '--config', config]
  const one = spawn('sh', args, { stdio: ['ignore', 'ignore', 'inherit', fd] })
  t.teardown(() => one.kill('SIGKILL'))
  const end = once(one, 'close')
  const ping = () => new Client(passed).ask('GET /v1/ping')
  server.close()
  await until(async () => (await ping().catch(() => null))?.status === 200)
  one.kill('SIGTERM')
  t.same(await end, [0, null])
})

await t.test('it serves until it is told to end', async (t) => {
  const first = new Program(t, '--config', config)
  await first.answers()
  const second = new Program(t, '--config', config)
  t.equal(await second.end(), 1)
  t.match(second.stderr, new RegExp(`osctld: .*${first.child.pid}`), 'there is one already')
  t.match(await client.ask('GET /v1/ping'), { status: 200 }, 'which is not disturbed')

  const image = { distribution: 'busybox' }
  t.match(await client.ask('POST /v1/containers', { id: 'kept', image }), { status: 200 })
  const started = await client.ask('POST /v1/containers/kept/start')
  const { initPid } = started.body as { initPid: number }
  first.child.kill('SIGTERM')
  t.equal(await first.end(), 0)
  t.ok(process.kill(initPid, 0), 'its containers go on')
  for (const line of first.stdout.trim().split('\n')) {
    t.match(JSON.parse(line), { level: Number, time: Number, msg: String })
  }

  const next = new Program(t, '--config', config)
  await next.answers()
  t.match(await client.ask('GET /v1/containers/kept'), { body: { state: 'running', initPid } })
  next.child.kill('SIGKILL')
  t.equal(await next.end(), 'SIGKILL')
  const last = new Program(t, '--config', config)
  await last.answers()
  t.match(await client.ask('GET /v1/containers/kept'), { body: { state: 'running', initPid } })
  t.match(await client.ask('DELETE /v1/containers/kept?force=true'), { body: { leftovers: [] } })

  await t.test('others than root do not reach it', async (t) => {
    const script = `require('node:net').connect(${JSON.stringify(options.socket)})
      .on('connect', () => console.log('connected')).on('error', (error) => console.log(error.code))`
    // By who starts it: Node gives up root only where it has no io_uring. What tap adds to it would write its notes.
    const nobody = { uid: 65534, gid: 65534, cwd: '/' }
    const ended = await run('env', ['-i', process.execPath, '-e', script], nobody)
    t.same(ended, { stdout: 'EACCES\n', stderr: '' })
  })

  await t.test('what is no HTTP', async (t) => {
    const post = (type: string, body: string | Buffer) =>
      Buffer.concat([
        Buffer.from(
          `POST /v1/containers HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: ${type}\r\n` +
            `content-length: ${Buffer.byteLength(body)}\r\n\r\n`,
        ),
        Buffer.from(body),
      ])
    for (const [bytes, said] of [
      ['', /^$/],
      ['hello\r\n\r\n', /^HTTP\/1\.1 400 /],
      [Buffer.alloc(100_000, 0xff), /^(HTTP\/1\.1 400 |$)/],
      [`GET /v1/ping HTTP/1.1\r\nx: ${'a'.repeat(1e5)}\r\n\r\n`, /^(HTTP\/1\.1 431 |$)/],
      ['GET /v1/ping HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 200 /],
      ['GET /v1/%ff HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 400 /],
      [
        'POST /v1/containers HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{',
        /^(HTTP\/1\.1 4|$)/,
      ],
      [post('text/plain', 'id: a'), /^HTTP\/1\.1 415 /],
      [post('application/json', Buffer.from([0x7b, 0xff, 0x7d])), /^HTTP\/1\.1 400 /],
      [post('application/json', '['.repeat(1e5)), /^HTTP\/1\.1 400 /],
      [post('application/json', '{"__proto__":{"id":"a"}}'), /^HTTP\/1\.1 400 /],
      [post('application/json', '[]'), /^HTTP\/1\.1 400 /],
      [post('application/json', 'null'), /^HTTP\/1\.1 400 /],
    ] as const) {
      t.match(await raw(bytes), said, JSON.stringify(bytes.toString('latin1').slice(0, 60)))
    }
    t.match(await client.ask('GET /v1/ping'), { status: 200 }, 'it goes on')
    t.same(await client.ask('GET /v1/operations').then(({ body }) => body), [])
  })
  last.child.kill('SIGINT')
  t.equal(await last.end(), 0)
})
