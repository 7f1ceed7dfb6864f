// Runs in the guest: does what the lab asks for by a virtio port, and passes on what comes of it.
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process'
import { createReadStream, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FromGuest, RunMessage, ToGuest } from '../protocol.js'
import { DiskWatch } from './disks.js'

const ports = '/sys/class/virtio-ports'
const name = readdirSync(ports).find(
  (port) => readFileSync(`${ports}/${port}/name`, 'utf8').trim() === 'lab',
)
const fd = openSync(`/dev/${name}`, 'r+')
const children = new Map<number, ChildProcess>()
let spare: ChildProcess | null = null

function send(message: FromGuest): void {
  let rest = Buffer.from(`${JSON.stringify(message)}\n`)
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest))
}

function warm(env: Readonly<Record<string, string>>): void {
  spare = fork('/usr/lib/lab/spare.js', {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
    env: { ...process.env, ...env },
  })
  let said = ''
  const listen = (data: Buffer): void => void (said += data.toString())
  const onExit = (): void => send({ type: 'warm', error: said })
  spare.stderr?.on('data', listen)
  spare.once('exit', onExit)
  spare.once('message', () => {
    spare?.off('exit', onExit)
    spare?.stderr?.off('data', listen)
    send({ type: 'warm', error: null })
  })
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
  const { id, input } = message
  const disks = new DiskWatch()
  const child = begin(message)
  children.set(id, child)
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (data: Buffer) => {
      send({ type: 'output', id, stream, data: data.toString('base64') })
    })
  }
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const closed = new Promise((resolve) => child.once('close', resolve))
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('exit', (...how) => resolve(how))
    child.once('error', (error) => {
      const data = Buffer.from(`${error.message}\n`).toString('base64')
      send({ type: 'output', id, stream: 'stderr', data })
      resolve([127, null])
    })
  })
  // What it has left running may hold the pipes for ever.
  await Promise.race([closed, sleep(1000)])
  children.delete(id)
  send({ type: 'exit', id, code, signal, full: disks.end() })
}

function kill(id: number): void {
  const pid = children.get(id)?.pid
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}

function handle(message: ToGuest): void {
  switch (message.type) {
    case 'run':
      void run(message)
      break
    case 'kill':
      kill(message.id)
      break
    case 'clock':
      execFileSync('date', ['-s', `@${message.seconds}`])
      break
    case 'warm':
      warm(message.env)
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
