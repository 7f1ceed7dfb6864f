// The kernel's events of one cgroup as an AsyncIterable.
import type { CgroupEvent, Hierarchies, Subscription } from '#native'
import { native } from '../native.js'
import { onRemoval } from './removals.js'
import { onAbort } from '../on-abort.js'

export type { CgroupEvent } from '#native'

export interface WatchOptions {
  signal?: AbortSignal
  /** Whether the process stays alive for it, as with `fs.watch()`; the default is true. */
  persistent?: boolean
}

interface Waiting {
  resolve: (result: IteratorResult<CgroupEvent, undefined>) => void
  reject: (reason: unknown) => void
}

/**
 * What is not taken in time is told once, as it is last: of each type at most one event waits, so a
 * slow reader costs no memory.
 */
export class CgroupWatch implements AsyncIterableIterator<CgroupEvent, undefined>, AsyncDisposable {
  readonly #pending = new Map<CgroupEvent['type'], CgroupEvent>()
  readonly #waiting: Waiting[] = []
  readonly #signal: AbortSignal | null
  readonly #forgetAbort: () => void
  /** Of v1 there are no events: what the unified hierarchy says of freezing is not how it is. */
  readonly #freezesByV1: boolean
  #subscription: Subscription | null = null
  #forgetRemoval: () => void = () => {}
  #failure: { reason: unknown } | null = null
  readonly #abort = (): void => {
    this.#failure = { reason: this.#signal?.reason }
    this.#end()
  }

  /** @internal Made by `CgroupDir.watch()`. */
  constructor(hierarchies: Hierarchies, path: string, { signal, persistent = true }: WatchOptions) {
    signal?.throwIfAborted()
    this.#signal = signal ?? null
    const mounted = native.cgroup.list(hierarchies)
    this.#freezesByV1 = mounted.some(
      ({ version, controllers }) => version === 1 && controllers.includes('freezer'),
    )
    // First of all: what goes away from here on is told, and what has gone before is ENOENT below.
    if (mounted.some(({ version }) => version === 2)) {
      this.#forgetRemoval = onRemoval(hierarchies, path, () => {
        if (this.#subscription !== null) native.cgroup.look(this.#subscription)
      })
    }
    try {
      this.#subscription = native.cgroup.watch(hierarchies, path, persistent, (event) => {
        this.#take(event)
      })
    } catch (error) {
      this.#forgetRemoval()
      throw error
    }
    this.#forgetAbort = onAbort(signal, this.#abort)
  }

  #take(event: CgroupEvent): void {
    if (event.type === 'frozen' && this.#freezesByV1) return
    const next = this.#waiting.shift()
    if (next !== undefined) {
      next.resolve({ done: false, value: event })
      return
    }
    this.#pending.delete(event.type)
    this.#pending.set(event.type, event)
  }

  #end(): void {
    if (this.#subscription === null) return
    native.cgroup.unwatch(this.#subscription)
    this.#forgetRemoval()
    this.#subscription = null
    this.#forgetAbort()
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (this.#failure !== null) reject(this.#failure.reason)
      else resolve({ done: true, value: undefined })
    }
  }

  next(): Promise<IteratorResult<CgroupEvent, undefined>> {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's reason
    if (this.#failure !== null) return Promise.reject(this.#failure.reason)
    const [event] = this.#pending.values()
    if (event !== undefined) {
      this.#pending.delete(event.type)
      return Promise.resolve({ done: false, value: event })
    }
    if (this.#subscription === null) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<CgroupEvent, undefined>> {
    this.#pending.clear()
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  close(): void {
    void this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}
