// qemu's own control: QMP, of which we need to stop, to save and to restore.
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { GoneError } from './gone.js'

interface Answer {
  readonly return?: Readonly<Record<string, unknown>>
  readonly error?: { readonly desc: string }
}

export class Qmp {
  readonly #socket: Socket
  readonly #waiting: ((answer: Answer) => void)[] = []
  readonly #gone: Promise<never>

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    this.#gone = new Promise((_, reject) => {
      socket.once('close', () => reject(new GoneError('qemu has ended')))
    })
    this.#gone.catch(() => undefined)
    const lines = createInterface({ input: socket })
    lines.on('error', () => undefined)
    lines.on('line', (line) => {
      const answer = answerIn(line)
      // Everything else is an event.
      if (answer?.return !== undefined || answer?.error !== undefined)
        this.#waiting.shift()?.(answer)
    })
  }

  async execute(execute: string, args: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const answered = new Promise<Answer>((resolve) => this.#waiting.push(resolve))
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    const answer = await Promise.race([answered, this.#gone])
    if (answer.error !== undefined) throw new Error(`${execute}: ${answer.error.desc}`)
    return answer.return ?? {}
  }
}

/** Null for what was not said to its end. */
function answerIn(line: string): Answer | null {
  try {
    return JSON.parse(line) as Answer
  } catch {
    return null
  }
}
