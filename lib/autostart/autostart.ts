// Starts the containers of a pool by themselves: in order, each after those that it waits for, as many at once as
// the machine can bear; and stops them the other way round.

import { abandon } from '../abandon.js'
import { asError } from '../as-error.js'
import type { StopMethod } from '../container/stop.js'
import { stopArguments } from '../container/stop.js'
import { CancelledError, NotFoundError } from '../host/errors.js'
import { onAbort } from '../on-abort.js'
import type { Pool } from '../pool/pool.js'
import { onlyKeys, parse } from '../schema/parse.js'
import { autostartOptions, enqueueOptions } from '../schema/autostart.js'
import { containerId } from '../schema/names.js'
import { Attempt, type Asker, type Outcome, type QueuedStart } from './attempt.js'
import { startOrder, type Ordered } from './order.js'
import { Queue } from './queue.js'
import { StartedList } from './started-list.js'
import { startWishes, stopWishes } from './wishes.js'

export interface AutostartOptions {
  /** Also those that were started by themselves since the machine was booted, and do not run any more. Default false. */
  readonly again?: boolean | undefined
  /** Takes away what has not begun, unless others want it, too. What is being started is not tried again. */
  readonly signal?: AbortSignal | undefined
}

export interface EnqueueOptions {
  /** Its place among others: the lowest first. Default 10, which is before those that start by themselves. */
  readonly priority?: number | undefined
  /** Takes it away, unless it has begun, or others want it, too. */
  readonly signal?: AbortSignal | undefined
}

export interface StopAllOptions {
  /** Milliseconds that each init has to shut down; default 60,000. */
  readonly timeout?: number | undefined
  /** Default `shutdown_or_kill`. */
  readonly method?: StopMethod | undefined
  /** Is told of each when its turn has come. */
  readonly onStop?: ((id: string) => void) | undefined
  /** What has not begun to stop runs on; what has is not killed any more. */
  readonly signal?: AbortSignal | undefined
}

/** What has come of many; ids, in the order in which they came to their ends. */
export interface AutostartReport {
  readonly started: readonly string[]
  /** Somebody else had started them. */
  readonly running: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: Error }[]
  readonly cancelled: readonly string[]
}

export interface StopReport {
  readonly stopped: readonly string[]
  readonly failed: readonly { readonly id: string; readonly error: Error }[]
}

const TRIES = 5

/**
 * ```ts
 * await pool.autostart.start() // what `autostart` says, once after each boot of the machine
 * ```
 */
export class Autostart {
  readonly #pool: Pool
  readonly #list: StartedList
  readonly #starts: Queue
  readonly #stops: Queue
  readonly #attempts = new Map<string, Attempt>()

  /** @internal */
  constructor(pool: Pool) {
    this.#pool = pool
    const { governor, paths } = pool.host
    this.#list = new StartedList(paths.startedList(pool.name))
    this.#starts = new Queue(governor, () => pool.config.parallel_start)
    this.#stops = new Queue(governor, () => pool.config.parallel_stop)
  }

  /**
   * Starts what is to be started by itself, and resolves when all of that has come to its end. A container that was
   * started so once is not again before the machine is booted, whoever has stopped it, unless `again` says so.
   * One that fails is tried five times.
   */
  async start(options: AutostartOptions = {}): Promise<AutostartReport> {
    onlyKeys(options, ['again', 'signal'], 'autostart')
    const { signal, ...given } = options
    const { again } = parse(autostartOptions, given, 'autostart')
    const started = await this.#list.ids()
    signal?.throwIfAborted()
    this.#pool.assertStarting()
    const ordered = startOrder(startWishes(this.#pool, (id) => again || !started.has(id)))
    for (const wish of ordered) if (wish.circle !== null) warn(wish)
    const askers = ordered.map((wish) => this.#ask(wish, TRIES))
    const forget = onAbort(signal, () => {
      for (const { leave } of askers) leave()
    })
    try {
      return await reportOf(askers)
    } finally {
      forget()
    }
  }

  /**
   * Starts one when its turn comes; resolves when it runs.
   *
   * @throws CancelledError, and what `start()` of it throws
   */
  async enqueue(id: string, options: EnqueueOptions = {}): Promise<void> {
    onlyKeys(options, ['priority', 'signal'], 'enqueue')
    parse(containerId, id, 'enqueue.id')
    const { signal, ...given } = options
    const { priority } = parse(enqueueOptions, given, 'enqueue')
    signal?.throwIfAborted()
    this.#pool.assertStarting()
    const container = this.#pool.containers.get(id)
    if (container === undefined) throw new NotFoundError('container', `${this.#pool.name}:${id}`)
    const wish = { id, priority, after: [], requires: [], circle: null }
    const asker = this.#ask(wish, 1)
    const forget = onAbort(signal, asker.leave)
    try {
      const outcome = await abandon(asker.outcome, signal)
      if (outcome instanceof Error) throw outcome
    } finally {
      forget()
    }
  }

  /** What waits, or is being started. */
  queue(): readonly QueuedStart[] {
    return [...this.#attempts.values()]
      .map((attempt) => attempt.show())
      .sort((a, b) => a.priority - b.priority || b.ageMs - a.ageMs)
  }

  /** Takes away all that has not begun; answers their ids. What is being started is not tried again. */
  cancel(): readonly string[] {
    return [...this.#attempts.values()].filter((attempt) => attempt.cancel()).map(({ id }) => id)
  }

  /**
   * Stops all that run: those that do not start by themselves first, then the last first, each after those that wait
   * for it. What waits to be started is cancelled. They start by themselves again with the next `start()`.
   */
  async stop(options: StopAllOptions = {}): Promise<StopReport> {
    onlyKeys(options, ['timeout', 'method', 'onStop', 'signal'], 'autostart.stop')
    const how = stopArguments(options, 'autostart.stop')
    const { onStop, signal = new AbortController().signal } = options
    signal.throwIfAborted()
    this.cancel()
    const stopped: string[] = []
    const failed: { id: string; error: Error }[] = []
    const ends = new Map<string, Promise<void>>()
    const stop = async ({ id, priority, after }: Ordered): Promise<void> => {
      try {
        await Promise.all(after.flatMap((other) => ends.get(other) ?? []))
        using _turn = await this.#stops.turn(priority, signal)
        const container = this.#pool.containers.get(id)
        onStop?.(id)
        await container?.stop({ ...how, signal, wait: Infinity, label: 'autostart.stop' })
        await this.forget(id)
        stopped.push(id)
      } catch (error) {
        failed.push({ id, error: asError(error) })
      }
    }
    for (const wish of startOrder(stopWishes(this.#pool))) {
      // Those that it waits for may come later in the order.
      ends.set(
        wish.id,
        Promise.resolve().then(() => stop(wish)),
      )
    }
    await Promise.all(ends.values())
    signal.throwIfAborted()
    return Object.freeze({ stopped, failed })
  }

  /** Another one of that id is another one. @internal */
  async forget(id: string): Promise<void> {
    // For want of room in the run state it stays noted.
    await this.#list.remove(id).catch(() => undefined)
  }

  /** @internal */
  async renamed(from: string, to: string): Promise<void> {
    const attempt = this.#attempts.get(from)
    if (attempt !== undefined) {
      this.#attempts.delete(from)
      this.#attempts.set(to, attempt)
      attempt.renamed(to)
    }
    if (!(await this.#list.ids()).has(from)) return
    await this.#list.add(to).catch(() => undefined)
    await this.forget(from)
  }

  #ask(wish: Ordered, tries: number): Asker {
    const known = this.#attempts.get(wish.id)
    const attempt = known?.open === true ? known : this.#begin(wish)
    return attempt.ask(tries)
  }

  #begin(wish: Ordered): Attempt {
    const { released } = this.#pool
    const attempt = new Attempt(wish, {
      queue: this.#starts,
      list: this.#list,
      container: (id) => this.#pool.containers.get(id),
      attempt: (id) => this.#attempts.get(id),
    })
    this.#attempts.set(wish.id, attempt)
    const forget = onAbort(released, () => attempt.cancel(released.reason as Error))
    void attempt.outcome.finally(() => {
      forget()
      // After a cancelled one there may be the next one already.
      if (this.#attempts.get(attempt.id) === attempt) this.#attempts.delete(attempt.id)
    })
    return attempt
  }
}

async function reportOf(askers: readonly Asker[]): Promise<AutostartReport> {
  const report = {
    started: [] as string[],
    running: [] as string[],
    failed: [] as { id: string; error: Error }[],
    cancelled: [] as string[],
  }
  const note = (id: string, outcome: Outcome): void => {
    if (outcome === 'started') report.started.push(id)
    else if (outcome === 'running') report.running.push(id)
    else if (outcome instanceof CancelledError) report.cancelled.push(id)
    else report.failed.push({ id, error: outcome })
  }
  await Promise.all(
    askers.map(async ({ attempt, outcome }) => {
      const result = await outcome
      note(attempt.id, result)
    }),
  )
  return Object.freeze(report)
}

function warn({ id, circle }: Ordered): void {
  process.emitWarning(`container '${id}' waits for itself: ${circle?.join(' → ')}`, {
    code: 'VPSADMINOS_CIRCLE',
  })
}
