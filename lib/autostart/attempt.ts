// One container on its way to be started: what it waits for, how often it was tried, what has come of it.

import { setTimeout as sleep } from 'node:timers/promises'
import { abandon } from '../abandon.js'
import type { Container } from '../container/container.js'
import { ClosedError } from '../errors.js'
import {
  CancelledError,
  InvalidArgumentError,
  NotFoundError,
  StateError,
  UnsupportedError,
} from '../host/errors.js'
import type { Wish } from './order.js'
import type { Queue } from './queue.js'
import type { StartedList } from './started-list.js'

/** Milliseconds between one try and the next. */
const PAUSES = [5_000, 10_000, 15_000, 20_000]
/** Others may be at work on it: a copy, a snapshot. */
const BUSY_MS = 60_000
/** How long those that wait for it do so until it is ready. */
const READY_MS = 120_000
/** How long one that boots counts as one that is being started. */
const BOOT_MS = 30_000

/** What has come of it; `running`: somebody else has started it. */
export type Outcome = 'started' | 'running' | Error

/** What waits, or is being started. */
export interface QueuedStart {
  readonly id: string
  readonly priority: number
  /** `pausing`: it has failed, and will be tried again. */
  readonly state: 'waiting' | 'starting' | 'pausing'
  /** Containers that must be ready before it begins. */
  readonly waitsFor: readonly string[]
  /** What it has failed with last. */
  readonly error: string | null
  /** Milliseconds since it was put there. */
  readonly ageMs: number
}

/** The pool's side. */
export interface AttemptHome {
  readonly queue: Queue
  readonly list: StartedList
  container(id: string): Container | undefined
  /** One that is on its way as well. */
  attempt(id: string): Attempt | undefined
}

export class Attempt {
  readonly outcome: Promise<Outcome>
  readonly #wish: Wish
  readonly #tries: number
  readonly #home: AttemptHome
  readonly #begun = performance.now()
  readonly #cancelled = new AbortController()
  readonly #waitsFor: Set<string>
  #state: QueuedStart['state'] = 'waiting'
  #error: string | null = null

  /** @param tries how often, at most five times */
  constructor(wish: Wish, tries: number, home: AttemptHome) {
    this.#wish = wish
    this.#tries = Math.min(tries, PAUSES.length + 1)
    this.#home = home
    this.#waitsFor = new Set([...wish.after, ...wish.requires])
    // Not before those that it waits for are there as well.
    this.outcome = Promise.resolve()
      .then(() => this.#run())
      .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
  }

  get id(): string {
    return this.#wish.id
  }

  show(): QueuedStart {
    return Object.freeze({
      id: this.id,
      priority: this.#wish.priority,
      state: this.#state,
      waitsFor: Object.freeze([...this.#waitsFor]),
      error: this.#error,
      ageMs: performance.now() - this.#begun,
    })
  }

  /** False when it is being started already: that goes on. */
  cancel(reason: Error = new CancelledError(`start of container '${this.id}'`)): boolean {
    if (this.#state === 'starting') return false
    this.#cancelled.abort(reason)
    return true
  }

  async #run(): Promise<Outcome> {
    await Promise.all([...this.#waitsFor].map((id) => this.#waitFor(id)))
    for (let tried = 1; ; tried++) {
      try {
        return await this.#start()
      } catch (error) {
        this.#cancelled.signal.throwIfAborted()
        if (tried === this.#tries || !isWorthAnother(error)) throw error
        this.#error = error instanceof Error ? error.message : String(error)
        this.#state = 'pausing'
        await sleep(PAUSES[tried - 1], undefined, { signal: this.#cancelled.signal }).catch(() => {
          this.#cancelled.signal.throwIfAborted()
        })
      }
    }
  }

  async #start(): Promise<Outcome> {
    this.#state = 'waiting'
    const turn = await this.#home.queue.turn(this.#wish.priority, this.#cancelled.signal)
    let booted: Promise<unknown> = Promise.resolve()
    try {
      this.#state = 'starting'
      const container = this.#container()
      if (container.record.up) return 'running'
      await container.start({ wait: BUSY_MS, label: 'autostart' }).catch((error: unknown) => {
        if (!container.record.up) throw error
      })
      // Without room for it in the run state, it starts by itself once more.
      await this.#home.list.add(this.id).catch(() => undefined)
      // It does most of its work now, and the next ones are let in by that.
      booted = container.wait('ready', { timeout: BOOT_MS }).catch(() => undefined)
      return 'started'
    } finally {
      void booted.then(() => turn[Symbol.dispose]())
    }
  }

  /** @throws StateError when it is required and not ready */
  async #waitFor(id: string): Promise<void> {
    const problem = await this.#problemOf(id)
    this.#waitsFor.delete(id)
    if (problem === null || !this.#wish.requires.includes(id)) return
    throw new StateError(`container '${this.id}'`, 'not started', `it requires '${id}', ${problem}`)
  }

  /** Null when it is ready. */
  async #problemOf(id: string): Promise<string | null> {
    const { signal } = this.#cancelled
    const attempt = this.#home.attempt(id)
    const outcome = attempt === undefined ? 'running' : await abandon(attempt.outcome, signal)
    if (outcome instanceof Error) return `which did not start: ${outcome.message}`
    const other = this.#home.container(id)
    if (other === undefined) return 'which does not exist'
    if (!other.record.up) return 'which does not run'
    try {
      await other.wait('ready', { timeout: READY_MS, signal })
      return null
    } catch (error) {
      signal.throwIfAborted()
      return `which is not ready: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  #container(): Container {
    const container = this.#home.container(this.id)
    if (container === undefined) throw new NotFoundError('container', this.id, 'it was deleted')
    return container
  }
}

// What will be so the next time, too.
function isWorthAnother(error: unknown): boolean {
  return ![ClosedError, InvalidArgumentError, NotFoundError, StateError, UnsupportedError].some(
    (kind) => error instanceof kind,
  )
}
