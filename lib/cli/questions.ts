// Questions to whoever sits there, or to a script that answers by lines.

import { createInterface, type Interface } from 'node:readline'

export class Questions implements Disposable {
  readonly #lines: Interface
  readonly #answers: AsyncIterator<string>

  constructor() {
    // Without its own terminal, so that Ctrl-C is a signal.
    this.#lines = createInterface({ input: process.stdin, terminal: false })
    this.#answers = this.#lines[Symbol.asyncIterator]()
  }

  /** @returns what was typed, in small letters; null at the end of input */
  async ask(question: string): Promise<string | null> {
    process.stderr.write(question)
    const answer: IteratorResult<string, unknown> = await this.#answers.next()
    // Nobody has typed a line's end.
    if (!process.stdin.isTTY) process.stderr.write('\n')
    return answer.done === true ? null : answer.value.trim().toLowerCase()
  }

  /** Anything else is no. */
  async agrees(question: string): Promise<boolean> {
    return isYes(await this.ask(`${question} [y/N]: `))
  }

  [Symbol.dispose](): void {
    this.#lines.close()
    process.stdin.destroy()
  }
}

export function isYes(answer: string | null): boolean {
  return answer === 'y' || answer === 'yes'
}
