// Tells sessions how they ended, whichever comes first: the event or the question.

import { KeeperLostError } from '../keeper/errors.js'
import type { Exit } from '../ns/pidfd.js'

interface Waiting {
  readonly promise: Promise<Exit>
  readonly resolve: (exit: Exit) => void
  readonly reject: (reason: Error) => void
}

/** Ends that nobody has asked about yet; the keeper has them, too. */
const REMEMBERED = 1024

export class SessionEnds {
  readonly #ended = new Map<number, Exit>()
  /** Several may have the same session open. */
  readonly #waiting = new Map<number, Waiting>()
  #closed: Error | null = null

  constructor(readonly stateDir: string) {}

  wait(session: number): Promise<Exit> {
    const known = this.#ended.get(session)
    if (known !== undefined) return Promise.resolve(known)
    if (this.#closed !== null) return Promise.reject(this.#closed)
    const waiting = this.#waiting.get(session)
    if (waiting !== undefined) return waiting.promise
    let settle!: Omit<Waiting, 'promise'>
    const promise = new Promise<Exit>((resolve, reject) => (settle = { resolve, reject }))
    this.#waiting.set(session, { promise, ...settle })
    return promise
  }

  ended(session: number, exit: Exit): void {
    const waiting = this.#waiting.get(session)
    if (waiting !== undefined) {
      this.#waiting.delete(session)
      waiting.resolve(exit)
      return
    }
    this.#ended.set(session, exit)
    const [oldest] = this.#ended.keys()
    if (this.#ended.size > REMEMBERED && oldest !== undefined) this.#ended.delete(oldest)
  }

  /** The keeper ended, and its sessions with it. Another keeper numbers them anew. */
  lost(): void {
    this.#fail(new KeeperLostError(this.stateDir))
    this.#ended.clear()
  }

  /** Nobody is told any more: what ends now is for the next process to hear. */
  close(reason: Error): void {
    this.#closed = reason
    this.#fail(reason)
  }

  #fail(reason: Error): void {
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }
}
