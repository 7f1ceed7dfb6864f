// Tells sessions how they ended, whichever comes first: the event or the question.

import { KeeperLostError } from '../keeper/errors.js'
import type { Exit } from '../ns/pidfd.js'

/** Ends that nobody has asked about yet; the keeper has them, too. */
const REMEMBERED = 1024

export class SessionEnds {
  readonly #ended = new Map<number, Exit>()
  readonly #waiting = new Map<
    number,
    { resolve: (exit: Exit) => void; reject: (e: Error) => void }
  >()

  #closed: Error | null = null

  constructor(readonly stateDir: string) {}

  wait(session: number): Promise<Exit> {
    const known = this.#ended.get(session)
    if (known !== undefined) return Promise.resolve(known)
    if (this.#closed !== null) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => this.#waiting.set(session, { resolve, reject }))
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
