// A program in a container, with this process's own input, output and terminal.

import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { ASKED, MAX_FRAME, TOLD, type Frame } from '../daemon/frames.js'
import { Connection } from './connection.js'
import { at } from './daemon-client.js'
import { BadAnswerError } from './errors.js'
import type { Session } from './session.js'
import { AWAY, hasCtrlC, Terminal } from './terminal.js'

export interface Program {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly user?: string
  readonly run?: boolean
  readonly network?: boolean
}

/** Input that is kept until the program has it; then no more is read. */
const MAX_KEPT = 256 * 1024
const NOTHING = Buffer.alloc(0)

/**
 * @param input what it reads; default: the standard input
 * @returns its exit code; of one that a signal has ended, as shells have it: 128 and its number
 */
export async function runProgram(
  session: Session,
  container: string,
  program: Program,
  input: Readable = process.stdin,
): Promise<number> {
  const terminal = input === process.stdin ? Terminal.ours() : null
  const client = new ProgramClient(session, container, program, input, terminal)
  try {
    return await client.run()
  } finally {
    terminal?.restore()
    input.destroy()
  }
}

class ProgramClient {
  readonly #connection: Connection
  readonly #program: Program
  readonly #input: Readable
  readonly #terminal: Terminal | null
  /** What was sent, and may not have reached the program. */
  #kept: Buffer = NOTHING
  #ended = false
  /** How much of it this daemon has told us that the program has. */
  #taken = 0n
  #id: string | null = null
  /** This daemon has told all that it has read of the output. */
  #toldAll = false
  /** One has gone without saying so. */
  #missing = false
  #asked = false
  #left = false
  #code = 1

  constructor(
    session: Session,
    container: string,
    program: Program,
    input: Readable,
    terminal: Terminal | null,
  ) {
    this.#program = program
    this.#input = input
    this.#terminal = terminal
    const place = () => {
      if (this.#id !== null) return { where: at`GET /containers/${container}/sessions/${this.#id}` }
      // Whether it was begun is not known: it must not be begun twice.
      return this.#asked ? null : { where: at`GET /containers/${container}/spawn` }
    }
    this.#connection = new Connection(
      session.daemon,
      place,
      () => this.#opened(),
      () => {
        if (terminal !== null) session.tell(AWAY)
      },
    )
  }

  async run(): Promise<number> {
    await this.#connection.run((frame) => this.#take(frame))
    if (this.#left) throw new Error('left while osctld was away: the program goes on')
    // Who sits at a terminal sees it.
    if (this.#missing && this.#terminal === null) {
      throw new BadAnswerError('it has ended in the middle, and output may be missing')
    }
    return this.#code
  }

  #opened(): void {
    if (this.#id === null) {
      this.#asked = true
      const tty = this.#terminal?.size ?? false
      this.#connection.json(ASKED.begin, { ...this.#program, tty, stdin: true })
      return
    }
    this.#missing ||= !this.#toldAll
    this.#toldAll = false
    this.#taken = 0n
    this.#send(this.#kept)
    if (this.#ended) this.#connection.send(ASKED.end, NOTHING)
    this.#resized()
  }

  /** @returns whether this was the last */
  #take({ kind, bytes }: Frame): boolean {
    switch (kind) {
      case TOLD.begun:
        if (this.#id === null) this.#begin()
        this.#id = String((JSON.parse(bytes.toString()) as { session: number }).session)
        return false
      case TOLD.stdout:
        this.#write(process.stdout, bytes)
        return false
      case TOLD.stderr:
        this.#write(process.stderr, bytes)
        return false
      case TOLD.taken:
        this.#drop(bytes.readBigUInt64BE())
        return false
      case TOLD.detached:
        this.#toldAll = true
        return false
      case TOLD.exit:
        this.#code = codeOf(JSON.parse(bytes.toString()) as Exit)
        return true
      default:
        return false
    }
  }

  #begin(): void {
    const input = this.#input
    this.#terminal?.takeOver(() => this.#resized())
    input.on('data', (bytes: Buffer) => {
      if (this.#terminal !== null && this.#connection.away && hasCtrlC(bytes)) {
        this.#left = true
        return this.#connection.close()
      }
      this.#kept = Buffer.concat([this.#kept, bytes])
      if (this.#kept.length > MAX_KEPT) input.pause()
      this.#send(bytes)
    })
    input.once('end', () => {
      this.#ended = true
      this.#connection.send(ASKED.end, NOTHING)
    })
    // It cannot be read: it has none.
    input.on('error', () => input.emit('end'))
  }

  #send(input: Buffer): void {
    for (let from = 0; from < input.length; from += MAX_FRAME) {
      this.#connection.send(ASKED.input, input.subarray(from, from + MAX_FRAME))
    }
  }

  #resized(): void {
    const size = this.#terminal?.size
    if (size !== undefined) this.#connection.json(ASKED.window, size)
  }

  #drop(taken: bigint): void {
    this.#kept = this.#kept.subarray(Number(taken - this.#taken))
    this.#taken = taken
    if (this.#kept.length <= MAX_KEPT) this.#input.resume()
  }

  /** No more comes than is read. */
  #write(output: NodeJS.WriteStream, bytes: Buffer): void {
    if (output.write(bytes)) return
    this.#connection.pause()
    output.once('drain', () => this.#connection.resume())
  }
}

interface Exit {
  readonly exitCode: number | null
  readonly signal: keyof typeof constants.signals | null
}

function codeOf({ exitCode, signal }: Exit): number {
  if (exitCode !== null) return exitCode
  return signal === null ? 1 : 128 + constants.signals[signal]
}
