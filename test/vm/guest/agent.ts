// Runs in the guest: does what the lab asks for by a virtio port, and passes on what comes of it.
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process'
import {
  createReadStream,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { createInterface } from 'node:readline'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import type { FromGuest, LoadMessage, RunMessage, ToGuest } from '../protocol.js'
import { DiskWatch } from './disks.js'

const ports = '/sys/class/virtio-ports'
const name = readdirSync(ports).find(
  (port) => readFileSync(`${ports}/${port}/name`, 'utf8').trim() === 'lab',
)
const fd = openSync(`/dev/${name}`, 'r+')
let spare: ChildProcess | null = null

function send(message: FromGuest): void {
  let rest = Buffer.from(`${JSON.stringify(message)}\n`)
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest))
}

function warm(env: Readonly<Record<string, string>>): void {
  const flags = env['LAB_NODE_FLAGS'] ?? ''
  // As which it starts others.
  const execPath = '/usr/lib/lab/node'
  // What osctl has compiled ahead is for one without flags.
  const script = `#!/bin/sh
case $1 in */osctl.cjs) exec ${process.execPath} "$@" ;; esac
exec ${process.execPath} ${flags} "$@"
`
  writeFileSync(execPath, script, { mode: 0o755 })
  spare = fork('/usr/lib/lab/spare.js', [execPath], {
    // All functions of what it loads are compiled before the machine is saved; and of what forks for a walk, which is
    // given the same flags, once and not in each process that is killed.
    execArgv: [...flags.split(' ').filter(Boolean), '--no-lazy', '--no-flush-bytecode'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    env: { ...process.env, ...env },
  })
  tellWhenWarm(spare)
}

function load(message: LoadMessage): void {
  if (spare === null) return send({ type: 'warm', error: 'nothing waits' })
  tellWhenWarm(spare)
  spare.send(message)
}

/** Or what it said when it ended. */
function tellWhenWarm(child: ChildProcess): void {
  const said: Buffer[] = []
  const listen = (data: Buffer): void => void said.push(data)
  const onEnd = (): void => {
    spare = null
    send({ type: 'warm', error: Buffer.concat(said).toString() })
  }
  child.stderr?.on('data', listen)
  // tap says something of itself to a parent, too.
  const onMessage = (message: unknown): void => {
    if (message !== 'warm') return
    child.off('close', onEnd)
    child.off('message', onMessage)
    child.stderr?.off('data', listen)
    send({ type: 'warm', error: null })
  }
  child.once('close', onEnd)
  child.on('message', onMessage)
}

function begin(message: RunMessage): ChildProcess {
  const { args, module, env, cwd } = message
  if (module !== undefined && spare !== null) {
    const child = spare
    spare = null
    child.send(message)
    return child
  }
  const [program = '', ...rest] = module === undefined ? args : [process.execPath, module]
  return spawn(program, rest, { cwd, env: { ...process.env, ...env }, detached: true })
}

async function run(message: RunMessage): Promise<void> {
  const { id } = message
  const disks = new DiskWatch()
  const output = (stream: 'stdout' | 'stderr', data: Buffer): void => {
    send({ type: 'output', id, stream, data: data.toString('base64') })
  }
  let how: readonly [number | null, string | null]
  try {
    how = await followed(begin(message), message.input, output)
  } catch (error) {
    // As a shell does when it cannot start something.
    output('stderr', Buffer.from(`${String(error)}\n`))
    how = [127, null]
  }
  const [code, signal] = how
  send({ type: 'exit', id, code, signal, full: disks.end() })
}

/** Resolves when it has ended and all that it wrote was passed on. */
async function followed(
  child: ChildProcess,
  input: string | undefined,
  output: (stream: 'stdout' | 'stderr', data: Buffer) => void,
): Promise<[number | null, string | null]> {
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (data: Buffer) => output(stream, data))
  }
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const closed = new Promise((resolve) => child.once('close', resolve))
  const how = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('exit', (...how) => resolve(how))
    child.once('error', reject)
  })
  // What it has left running may hold the pipes for ever.
  await Promise.race([closed, sleep(1000)])
  // Where that second is over before the pipes were looked at, they are by now.
  await turn()
  return how
}

function handle(message: ToGuest): void {
  switch (message.type) {
    case 'run':
      void run(message)
      break
    case 'clock':
      execFileSync('date', ['-s', `@${message.seconds}`])
      break
    case 'warm':
      warm(message.env)
      break
    case 'load':
      load(message)
      break
  }
}

send({ type: 'ready' })
// Nobody at the other end reads as an end of the file.
for (;;) {
  const lines = createInterface({ input: createReadStream('', { fd, autoClose: false }) })
  for await (const line of lines) handle(JSON.parse(line) as ToGuest)
  await sleep(50)
}
