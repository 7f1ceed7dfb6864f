// What waits for its turn to be started or stopped: the lowest priority number first, then who came first.

import { onAbort } from '../on-abort.js'
import type { Governor } from './governor.js'

interface Entry {
  readonly priority: number
  readonly begin: (turn: Disposable) => void
}

export class Queue {
  readonly #governor: Governor
  readonly #always: () => number
  readonly #entries: Entry[] = []
  #under = 0
  #admitting = false

  /** @param always how many may be under way at any time */
  constructor(governor: Governor, always: () => number) {
    this.#governor = governor
    this.#always = always
  }

  /** Resolves when its turn has come, which is over when the answer is disposed of. Rejects with the signal's reason. */
  async turn(priority: number, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    return await new Promise((resolve, reject) => {
      const forget = onAbort(signal, () => {
        const at = this.#entries.indexOf(entry)
        if (at >= 0) this.#entries.splice(at, 1)
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own
        reject(signal.reason)
      })
      const begin = (turn: Disposable) => {
        forget()
        resolve(turn)
      }
      const entry: Entry = { priority, begin }
      const after = this.#entries.findIndex((other) => other.priority > priority)
      this.#entries.splice(after < 0 ? this.#entries.length : after, 0, entry)
      void this.#admit()
    })
  }

  // Who is first is decided when one is let in, and not when it began to wait.
  async #admit(): Promise<void> {
    if (this.#admitting) return
    this.#admitting = true
    try {
      while (this.#entries.length > 0) {
        const admitted = await this.#governor.admit(
          () => this.#under < this.#always() || this.#entries.length === 0,
        )
        const next = this.#entries.shift()
        if (next === undefined) {
          admitted[Symbol.dispose]()
          break
        }
        this.#under++
        next.begin({
          [Symbol.dispose]: () => {
            this.#under--
            admitted[Symbol.dispose]()
          },
        })
      }
    } finally {
      this.#admitting = false
    }
  }
}
