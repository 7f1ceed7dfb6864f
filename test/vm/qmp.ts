// qemu's own control: QMP, of which we need to stop, to save and to restore.
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'

interface Answer {
  readonly return?: Readonly<Record<string, unknown>>
  readonly error?: { readonly desc: string }
}

export class Qmp {
  readonly #socket: Socket
  readonly #waiting: ((answer: Answer) => void)[] = []

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('close', () => {
      for (const answer of this.#waiting.splice(0)) answer({ error: { desc: 'qemu has ended' } })
    })
    const lines = createInterface({ input: socket })
    lines.on('error', () => undefined)
    lines.on('line', (line) => {
      const answer = JSON.parse(line) as Answer
      // Everything else is an event.
      if (answer.return !== undefined || answer.error !== undefined) this.#waiting.shift()?.(answer)
    })
  }

  async execute(execute: string, args: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const answer = await new Promise<Answer>((resolve) => {
      if (this.#socket.destroyed) return resolve({ error: { desc: 'qemu has ended' } })
      this.#waiting.push(resolve)
      this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    })
    if (answer.error !== undefined) throw new Error(`${execute}: ${answer.error.desc}`)
    return answer.return ?? {}
  }
}
