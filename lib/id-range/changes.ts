// Changes of a table that are asked for while one is written are written together with the next one: many
// containers at once must not wait for the disk one after the other.

import type { Claim } from '../host/locks.js'
import type { Operation } from '../host/operation.js'

/**
 * Writes what waits.
 *
 * @param apply does all of it, to what it is given; answers what came of those that could be done
 */
export type Write<A extends unknown[], T> = (
  op: Operation,
  apply: (...on: A) => readonly T[],
) => Promise<void>

interface Waiting<A extends unknown[], T> {
  readonly change: (...on: A) => T
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

export class Changes<A extends unknown[], T> {
  readonly #turn: Claim
  readonly #write: Write<A, T>
  readonly #waiting = new Set<Waiting<A, T>>()

  /** @param turn held while they are written */
  constructor(turn: Claim, write: Write<A, T>) {
    this.#turn = turn
    this.#write = write
  }

  /** Given up before it was begun to be written, a change does not happen. */
  async add(op: Operation, change: (...on: A) => T): Promise<T> {
    let waiting: Waiting<A, T> | undefined
    const result = new Promise<T>((resolve, reject) => {
      waiting = { change, resolve, reject }
      this.#waiting.add(waiting)
    })
    // Perhaps nobody asks for it any more.
    result.catch(() => undefined)
    const mine = waiting as unknown as Waiting<A, T>
    try {
      using _turn = await op.lock([this.#turn])
      if (this.#waiting.has(mine)) await this.#writeAll(op)
    } catch (error) {
      // Otherwise somebody else has written it.
      if (this.#waiting.delete(mine)) throw error
    }
    return await result
  }

  async #writeAll(op: Operation): Promise<void> {
    const applied: { readonly value: T; readonly one: Waiting<A, T> }[] = []
    try {
      await this.#write(op, (...on) => {
        const all = [...this.#waiting]
        this.#waiting.clear()
        for (const one of all) {
          try {
            applied.push({ value: one.change(...on), one })
          } catch (error) {
            one.reject(error)
          }
        }
        return applied.map(({ value }) => value)
      })
    } catch (error) {
      for (const { one } of applied) one.reject(error)
      throw error
    }
    for (const { value, one } of applied) one.resolve(value)
  }
}
