// An operation while it is under way: what it is called, for whom, whether it was given up, and the
// locks that it holds. There is no other way to take one, so that their order is checked here, once.

import { z } from 'zod'
import { onlyKeys, parse } from '../schema/parse.js'
import { milliseconds } from '../schema/size.js'
import { assertOrder, inOrder, isShort, resourceOf, type Claim, type Locks } from './locks.js'

/** What every operation that can take time has as its last argument. */
export interface OperationOptions {
  /**
   * Gives it up. Aborted before, it rejects with the signal's reason and nothing was changed; in its
   * middle, what was done is undone, unless the method says that it goes on.
   */
  readonly signal?: AbortSignal | undefined
  /**
   * Milliseconds to wait for other operations on the same thing; default 0: it is refused with
   * `ERR_BUSY`. `Infinity`: as long as it takes.
   */
  readonly wait?: number | undefined
  /** Who asks, for `host.locks()` and for those who are refused meanwhile. */
  readonly label?: string | undefined
}

/** Who waits so long for a piece of state will wait for ever, and is better told. */
const SHORT_WAIT_MS = 90_000

const keys = ['signal', 'wait', 'label']
const schema = z.object({ wait: milliseconds.optional(), label: z.string().max(200).optional() })

/**
 * @param more other options that it has
 * @throws InvalidArgumentError; the reason of a signal that is aborted
 */
export function checkOptions(
  options: OperationOptions,
  what: string,
  more: readonly string[] = [],
): void {
  onlyKeys(options, [...more, ...keys], what)
  const { wait, label, signal } = options
  // On the way of every call: only what was given is looked at.
  if (wait !== undefined || label !== undefined) parse(schema, { wait, label }, what)
  signal?.throwIfAborted()
}

interface Given extends Omit<OperationOptions, 'label'> {
  readonly label?: string | null | undefined
}

interface Held {
  readonly claim: Claim
  readonly lock: Disposable
}

export class Operation implements Disposable {
  #signal: AbortSignal | undefined
  readonly #waitMs: number
  readonly #label: string | null
  readonly #held = new Set<Held>()

  /**
   * @param name `start`
   * @param subject what it is about: `container tank:web1`
   */
  constructor(
    readonly locks: Locks,
    readonly name: string,
    readonly subject: string,
    { signal, wait = 0, label = null }: Given = {},
  ) {
    this.#signal = signal
    this.#waitMs = wait
    this.#label = label
  }

  /** While it can be given up. */
  get signal(): AbortSignal | undefined {
    return this.#signal
  }

  /** From here on it goes to its end, or is undone, whatever its signal says. */
  goOn(): this {
    this.#signal = undefined
    return this
  }

  /** The same for what must be done whatever its signal says, while the rest can be given up still. */
  withoutSignal(): Operation {
    return new Operation(this.locks, this.name, this.subject, { label: this.#label })
  }

  /**
   * Takes locks until the answer, or the operation, is disposed of.
   *
   * @param locks those of the machine, instead of the host's
   * @throws BusyError naming the holder
   * @throws LockOrderError, which is a mistake of ours
   */
  async lock(claims: readonly Claim[], locks: Locks = this.locks): Promise<Disposable> {
    const taken: Held[] = []
    const release = () => {
      for (const one of taken.splice(0).reverse()) {
        this.#held.delete(one)
        one.lock[Symbol.dispose]()
      }
    }
    try {
      for (const wanted of [...claims].sort(inOrder)) {
        assertOrder(
          [...this.#held].map(({ claim }) => claim),
          wanted,
        )
        const resource = resourceOf(wanted)
        const holder = resource === this.subject ? this.name : `${this.name} of ${this.subject}`
        const who = { holder, label: this.#label }
        const timeoutMs = isShort(wanted) ? SHORT_WAIT_MS : this.#waitMs
        // At once where nothing is to be waited for: whoever calls next finds it taken.
        const lock =
          timeoutMs === 0
            ? locks.take(wanted, who)
            : await locks.wait(wanted, who, { timeoutMs, signal: this.#signal })
        const held = { claim: wanted, lock }
        this.#held.add(held)
        taken.push(held)
      }
    } catch (error) {
      release()
      throw error
    }
    return { [Symbol.dispose]: release }
  }

  /** It is over. */
  [Symbol.dispose](): void {
    for (const one of [...this.#held].reverse()) one.lock[Symbol.dispose]()
    this.#held.clear()
  }
}
