// The long locks around operations on a container, group, user or pool. They do not wait: whoever
// comes second is told who holds the lock and since when.

import { BusyError } from './errors.js'

/** A lock that is held. */
export interface HeldLock {
  /** What is locked: `container tank:web1`. */
  readonly resource: string
  /** The operation that holds it: `start`. */
  readonly holder: string
  /** Milliseconds. */
  readonly ageMs: number
}

export class Locks {
  readonly #held = new Map<string, { holder: string; since: number }>()

  /**
   * Takes the lock until the returned object is disposed.
   *
   * @throws BusyError naming the holder
   */
  take(resource: string, holder: string): Disposable {
    const held = this.#held.get(resource)
    if (held !== undefined) {
      throw new BusyError(resource, held.holder, performance.now() - held.since)
    }
    const own = { holder, since: performance.now() }
    this.#held.set(resource, own)
    return {
      [Symbol.dispose]: () => {
        if (this.#held.get(resource) === own) this.#held.delete(resource)
      },
    }
  }

  /** Every lock that is held now, oldest first. */
  list(): readonly HeldLock[] {
    const now = performance.now()
    return [...this.#held]
      .sort(([, a], [, b]) => a.since - b.since)
      .map(([resource, { holder, since }]) =>
        Object.freeze({ resource, holder, ageMs: now - since }),
      )
  }
}
