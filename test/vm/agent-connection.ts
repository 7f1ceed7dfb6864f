// The lab's end of the line to the agent.
import type { Socket } from 'node:net'
import { GoneError, type Output } from './gone.js'
import type { ExitMessage, FromGuest, ToGuest } from './protocol.js'

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
  readonly onOutput?: (data: Buffer, stream: 'stdout' | 'stderr') => void
}

export interface Exit extends Omit<ExitMessage, 'type' | 'id'>, Output {}

interface Running {
  readonly onOutput: (data: Buffer, stream: 'stdout' | 'stderr') => void
  readonly onExit: (exit: ExitMessage) => void
}

export class AgentConnection {
  readonly #socket: Socket
  readonly #running = new Map<number, Running>()
  /** Rejects when nobody is at the other end any more. */
  readonly #gone: Promise<never>
  #reason = 'the machine or its agent has ended'
  #count = 0
  #onReady = (): void => undefined
  #onWarm = (_error: string | null): void => undefined
  readonly ready: Promise<void>

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    this.#gone = new Promise((_, reject) => {
      socket.once('close', () => reject(new GoneError(this.#reason)))
    })
    const ready = new Promise<void>((resolve) => (this.#onReady = resolve))
    this.ready = Promise.race([ready, this.#gone])
    // Nobody may be waiting.
    for (const promise of [this.#gone, this.ready]) promise.catch(() => undefined)
    let rest = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach((line) => this.#receive(line))
    })
  }

  async run(args: readonly string[], options: RunOptions, module?: string): Promise<Exit> {
    const { env = {}, cwd = '/', input, onOutput } = options
    const id = ++this.#count
    const text = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    const output = (): Output => ({
      stdout: Buffer.concat(text.stdout).toString(),
      stderr: Buffer.concat(text.stderr).toString(),
    })
    const ended = new Promise<ExitMessage>((onExit) => {
      this.#running.set(id, {
        onExit,
        onOutput: (data, stream) => {
          text[stream].push(data)
          onOutput?.(data, stream)
        },
      })
    })
    this.#send({
      ...{ type: 'run', id, args, env, cwd },
      ...(module === undefined ? {} : { module }),
      ...(input === undefined ? {} : { input }),
    })
    try {
      const { code, signal, full } = await Promise.race([ended, this.#gone])
      return { code, signal, full, ...output() }
    } catch (error) {
      throw error instanceof GoneError ? new GoneError(error.reason, output()) : error
    }
  }

  warm(env: Readonly<Record<string, string>>): Promise<void> {
    return this.#warmed({ type: 'warm', env })
  }

  load(module: string): Promise<void> {
    return this.#warmed({ type: 'load', module })
  }

  async #warmed(message: ToGuest): Promise<void> {
    const warmed = new Promise<string | null>((resolve) => (this.#onWarm = resolve))
    this.#send(message)
    const error = await Promise.race([warmed, this.#gone])
    if (error !== null) throw new Error(error)
  }

  setClock(seconds: number): void {
    this.#send({ type: 'clock', seconds })
  }

  #send(message: ToGuest): void {
    this.#socket.write(`${JSON.stringify(message)}\n`)
  }

  #receive(line: string): void {
    const message = messageIn(line)
    switch (message?.type) {
      case 'ready':
        this.#onReady()
        break
      case 'warm':
        this.#onWarm(message.error)
        break
      case 'output': {
        const data = Buffer.from(message.data, 'base64')
        this.#running.get(message.id)?.onOutput(data, message.stream)
        break
      }
      case 'exit':
        this.#running.get(message.id)?.onExit(message)
        this.#running.delete(message.id)
        break
      default:
        // Whatever is there now, it is not our agent.
        this.#reason = `the agent says ${JSON.stringify(line.slice(0, 200))}`
        this.#socket.destroy()
    }
  }
}

function messageIn(line: string): FromGuest | null {
  try {
    return JSON.parse(line) as FromGuest | null
  } catch {
    return null
  }
}
