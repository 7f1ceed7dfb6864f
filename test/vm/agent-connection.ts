// The lab's end of the line to the agent.
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { ExitMessage, FromGuest, ToGuest } from './protocol.js'

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly input?: string
  readonly onOutput?: (data: Buffer, stream: 'stdout' | 'stderr') => void
  /** Aborted: the command's processes are killed. */
  readonly signal?: AbortSignal
}

export interface Exit extends Omit<ExitMessage, 'type' | 'id'> {
  readonly stdout: string
  readonly stderr: string
}

/** The line is broken: the machine or its agent has ended. */
export class GoneError extends Error {
  override readonly name = 'GoneError'
}

interface Running {
  readonly onOutput: (data: Buffer, stream: 'stdout' | 'stderr') => void
  readonly onExit: (exit: ExitMessage) => void
  readonly onGone: (error: GoneError) => void
}

export class AgentConnection {
  readonly #socket: Socket
  readonly #running = new Map<number, Running>()
  #count = 0
  #onReady = (): void => undefined
  #onWarm = (_error: string | null): void => undefined
  readonly ready = new Promise<void>((resolve) => (this.#onReady = resolve))

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('close', () => this.#gone())
    const lines = createInterface({ input: socket })
    lines.on('line', (line) => this.#receive(JSON.parse(line) as FromGuest))
    lines.on('error', () => undefined)
  }

  async run(args: readonly string[], options: RunOptions, module?: string): Promise<Exit> {
    const { env = {}, cwd = '/', input, onOutput, signal } = options
    const id = ++this.#count
    const text = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
    const ended = new Promise<ExitMessage>((onExit, onGone) => {
      if (this.#socket.destroyed) return onGone(new GoneError('the machine has ended'))
      this.#running.set(id, {
        onExit,
        onGone,
        onOutput: (data, stream) => {
          text[stream].push(data)
          onOutput?.(data, stream)
        },
      })
      this.#send({
        ...{ type: 'run', id, args, env, cwd },
        ...(module === undefined ? {} : { module }),
        ...(input === undefined ? {} : { input }),
      })
    })
    const kill = (): void => this.#send({ type: 'kill', id })
    signal?.addEventListener('abort', kill)
    try {
      const { code, signal, full } = await ended
      const [stdout, stderr] = [text.stdout, text.stderr].map((all) =>
        Buffer.concat(all).toString(),
      )
      return { code, signal, full, stdout: stdout ?? '', stderr: stderr ?? '' }
    } finally {
      signal?.removeEventListener('abort', kill)
    }
  }

  warm(env: Readonly<Record<string, string>>): Promise<void> {
    const warmed = new Promise<void>((resolve, reject) => {
      this.#onWarm = (error) => (error === null ? resolve() : reject(new Error(error)))
    })
    this.#send({ type: 'warm', env })
    return warmed
  }

  setClock(seconds: number): void {
    this.#send({ type: 'clock', seconds })
  }

  #send(message: ToGuest): void {
    this.#socket.write(`${JSON.stringify(message)}\n`)
  }

  #receive(message: FromGuest): void {
    switch (message.type) {
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
    }
  }

  #gone(): void {
    for (const { onGone } of this.#running.values()) onGone(new GoneError('the machine has ended'))
    this.#running.clear()
  }
}
