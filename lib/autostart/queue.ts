// What waits for its turn to be started or stopped: the lowest priority number first, then who came first.

import { onAbort } from '../on-abort.js'
import type { Governor } from './governor.js'

type Begin = (turn: Disposable) => void

export class Queue {
  readonly #governor: Governor
  readonly #always: () => number
  /** By priority, and then as they came. */
  readonly #waiting = new Map<number, Set<Begin>>()
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
        this.#remove(priority, begin)
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own
        reject(signal.reason)
      })
      const begin = (turn: Disposable) => {
        forget()
        resolve(turn)
      }
      const others = this.#waiting.get(priority)
      if (others === undefined) this.#waiting.set(priority, new Set([begin]))
      else others.add(begin)
      void this.#admit()
    })
  }

  /** Takes the first one out. */
  #next(): Begin | undefined {
    const priority = Math.min(...this.#waiting.keys())
    const [first] = this.#waiting.get(priority) ?? []
    if (first !== undefined) this.#remove(priority, first)
    return first
  }

  #remove(priority: number, begin: Begin): void {
    const all = this.#waiting.get(priority)
    all?.delete(begin)
    if (all?.size === 0) this.#waiting.delete(priority)
  }

  // Who is first is decided when one is let in, and not when it began to wait.
  async #admit(): Promise<void> {
    if (this.#admitting) return
    this.#admitting = true
    try {
      while (this.#waiting.size > 0) {
        const admitted = await this.#governor.admit(
          () => this.#under < this.#always() || this.#waiting.size === 0,
        )
        const begin = this.#next()
        if (begin === undefined) {
          admitted[Symbol.dispose]()
          break
        }
        this.#under++
        begin({
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
