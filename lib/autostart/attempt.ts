// One container on its way to be started: who wants it, what it waits for, how often it was tried, what has come of it.

import { setTimeout as sleep } from 'node:timers/promises'
import { abandon } from '../abandon.js'
import { asError } from '../as-error.js'
import type { Container } from '../container/container.js'
import type { ContainerRecord } from '../container/record.js'
import { startLocked } from '../container/start.js'
import { DEFAULT_TIMEOUT_MS } from '../container/start-plan.js'
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
  /** `waiting`: also for who is at work on it; `pausing`: it has failed, and will be tried again. */
  readonly state: 'waiting' | 'starting' | 'pausing'
  /** Containers that must be ready before it begins. */
  readonly waitsFor: readonly string[]
  /** What it has failed with last. */
  readonly error: string | null
  /** Milliseconds since it was put there. */
  readonly ageMs: number
}

/** Somebody who wants it started. */
export interface Asker {
  readonly attempt: Attempt
  /** What comes of it for this one. */
  readonly outcome: Promise<Outcome>
  /** Wants it no more. Once it is being started, what comes of that is still told. */
  readonly leave: () => void
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
  readonly #home: AttemptHome
  readonly #begun = performance.now()
  readonly #cancelled = new AbortController()
  readonly #waitsFor: Set<string>
  readonly #askers = new Set<{ readonly tries: number }>()
  /** Who has left while it was being started. */
  readonly #leaving: ((outcome: Outcome) => void)[] = []
  #id: string
  #state: QueuedStart['state'] = 'waiting'
  #error: string | null = null

  constructor(wish: Wish, home: AttemptHome) {
    this.#wish = wish
    this.#home = home
    this.#id = wish.id
    this.#waitsFor = new Set([...wish.after, ...wish.requires])
    // Not before those that it waits for are there as well.
    this.outcome = Promise.resolve()
      .then(() => this.#run())
      .catch(asError)
  }

  get id(): string {
    return this.#id
  }

  /** False once it is cancelled: for who wants it from then on there must be another one. */
  get open(): boolean {
    return !this.#cancelled.signal.aborted
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

  /** @param tries how often it is tried for this one, at most five times; others may want more */
  ask(tries: number): Asker {
    const asker = { tries }
    this.#askers.add(asker)
    let leave = () => {}
    const left = new Promise<Outcome>((resolve) => {
      leave = () => {
        if (!this.#askers.delete(asker)) return
        if (this.#state === 'starting') this.#leaving.push(resolve)
        else resolve(this.#givenUp())
        if (this.#askers.size === 0) this.cancel()
      }
    })
    return { attempt: this, outcome: Promise.race([this.outcome, left]), leave }
  }

  /** False when it is being started already: that goes on, and is not tried again. */
  cancel(reason: Error = this.#givenUp()): boolean {
    if (!this.open) return false
    this.#cancelled.abort(reason)
    return this.#state !== 'starting'
  }

  /** Its container has another name. */
  renamed(to: string): void {
    this.#id = to
  }

  #givenUp(): CancelledError {
    return new CancelledError(`start of container '${this.id}'`)
  }

  get #tries(): number {
    const wanted = [...this.#askers].map(({ tries }) => tries)
    return Math.min(PAUSES.length + 1, Math.max(...wanted))
  }

  async #run(): Promise<Outcome> {
    const { signal } = this.#cancelled
    await Promise.all([...this.#waitsFor].map((id) => this.#waitFor(id)))
    for (let tried = 1; ; tried++) {
      const outcome = await this.#start().catch(asError)
      for (const tell of this.#leaving.splice(0)) tell(outcome)
      if (!(outcome instanceof Error) || !this.open) return outcome
      if (tried >= this.#tries || !isWorthAnother(outcome)) return outcome
      this.#error = outcome.message
      this.#state = 'pausing'
      await sleep(PAUSES[tried - 1], undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }

  async #start(): Promise<Outcome> {
    this.#state = 'waiting'
    const turn = await this.#home.queue.turn(this.#wish.priority, this.#cancelled.signal)
    let booted: Promise<unknown> = Promise.resolve()
    try {
      const container = this.#container()
      const { record } = container
      if (record.up) return 'running'
      await this.#startAlone(record).catch((error: unknown) => {
        if (!record.up) throw error
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

  /** From when nobody else is at work on it, it goes to its end. */
  async #startAlone(record: ContainerRecord): Promise<void> {
    const { signal } = this.#cancelled
    using op = await record.begin('start', { signal, wait: BUSY_MS, label: 'autostart' })
    signal.throwIfAborted()
    this.#state = 'starting'
    await startLocked(op.goOn(), record, DEFAULT_TIMEOUT_MS)
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
      return `which is not ready: ${asError(error).message}`
    }
  }

  #container(): Container {
    const container = this.#home.container(this.id)
    if (container === undefined) throw new NotFoundError('container', this.id, 'it was deleted')
    return container
  }
}

// What will be so the next time, too.
function isWorthAnother(error: Error): boolean {
  return ![ClosedError, InvalidArgumentError, NotFoundError, StateError, UnsupportedError].some(
    (kind) => error instanceof kind,
  )
}
