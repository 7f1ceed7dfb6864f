// Shuts a host down before its machine is: nothing is started any more, all containers are stopped, all pools let go
// of. A file says how far it is, so that it goes on when the process that does it was killed.

import { stopArguments, type StopMethod } from '../container/stop.js'
import { asError } from '../as-error.js'
import type { HostContext } from '../host/context.js'
import { BusyError, CancelledError, ShutdownError, StateError } from '../host/errors.js'
import { claim } from '../host/locks.js'
import { checkOptions, Operation } from '../host/operation.js'
import type { Known } from '../keeper/types.js'
import { onAbort } from '../on-abort.js'
import type { Pool } from '../pool/pool.js'
import type { Pools } from '../pool/pools.js'
import { done } from '../step.js'
import { Undo } from '../undo.js'
import type { ShutdownMarker } from './marker.js'

export interface ShutdownOptions {
  /** Milliseconds that each init has to shut down; default 60,000. */
  readonly timeout?: number | undefined
  /** Default `shutdown_or_kill`. */
  readonly method?: StopMethod | undefined
  /** Is told how far it is. */
  readonly onProgress?: ((progress: ShutdownProgress) => void) | undefined
  /** Gives it up until its file is there: it is taken back. Then only `abortShutdown()` does. */
  readonly signal?: AbortSignal | undefined
  /** Who asks, for `host.locks()` and for those who are refused meanwhile. */
  readonly label?: string | undefined
}

export type ShutdownProgress =
  /** A container is being stopped: the `index`th of `total`, in all pools. */
  | {
      readonly type: 'stop'
      readonly pool: string
      readonly id: string
      readonly index: number
      readonly total: number
    }
  /** Somebody else's operation in a pool is waited for. */
  | { readonly type: 'wait'; readonly pool: string; readonly reason: string }
  /** A pool is let go of. */
  | { readonly type: 'export'; readonly pool: string }

export interface ShutdownReport {
  /** `POOL:ID` of what was stopped, in the order in which they came to their ends. */
  readonly stopped: readonly string[]
  /** Names of pools. */
  readonly exported: readonly string[]
}

/** `unfinished`: nothing is started, and nobody goes on with it. */
export type ShutdownState = 'none' | 'under-way' | 'unfinished' | 'finished'

interface Run {
  readonly watchers: Set<(progress: ShutdownProgress) => void>
  readonly cancel: (reason: Error) => void
  readonly outcome: Promise<ShutdownReport>
}

interface How {
  readonly timeout: number
  readonly method: StopMethod
  readonly label: string
  readonly signal: AbortSignal
}

/** What one run has done, and whom it tells. */
interface Course {
  readonly how: How
  readonly stopped: string[]
  readonly exported: string[]
  readonly tell: (progress: ShutdownProgress) => void
  /** Which place in the order one has whose turn has come. */
  readonly next: () => { readonly index: number; readonly total: number }
}

export class Shutdown {
  readonly #host: HostContext
  readonly #pools: Pools
  readonly #marker: ShutdownMarker
  #run: Run | null = null

  constructor(host: HostContext, pools: Pools) {
    this.#host = host
    this.#pools = pools
    this.#marker = host.shutdownMarker
  }

  async state(): Promise<ShutdownState> {
    return this.#run === null ? await this.#marker.state() : 'under-way'
  }

  async begin(options: ShutdownOptions): Promise<ShutdownReport> {
    checkOptions(options, 'shutdown', ['timeout', 'method', 'onProgress'])
    const how = stopArguments(options, 'shutdown')
    const { onProgress, label = 'shutdown', signal } = options
    // Who comes while it is under way sees it to its end.
    this.#run ??= this.#start({ ...how, label }, signal)
    const { watchers, outcome } = this.#run
    if (onProgress !== undefined) watchers.add(onProgress)
    try {
      return await outcome
    } finally {
      if (onProgress !== undefined) watchers.delete(onProgress)
    }
  }

  async abort(): Promise<boolean> {
    const before = await this.state()
    const run = this.#run
    // First: without its file it would fail, and say so.
    run?.cancel(new CancelledError('the shutdown of the host'))
    await this.#marker.remove()
    await run?.outcome.catch(() => undefined)
    // It may have been about to make it.
    await this.#marker.remove()
    for (const pool of this.#host.pools.values()) pool.enable()
    return before !== 'none'
  }

  #start(how: Omit<How, 'signal'>, signal: AbortSignal | undefined): Run {
    const cancelled = new AbortController()
    const cancel = (reason: Error) => cancelled.abort(reason)
    const { closed } = this.#host
    const forget = onAbort(closed, () => cancel(closed.reason as Error))
    const watchers: Run['watchers'] = new Set()
    const tell = (progress: ShutdownProgress) => {
      for (const watcher of watchers) {
        try {
          watcher(progress)
        } catch (error) {
          // A mistake of who watches is in the way of nobody else, and of no container's end.
          watchers.delete(watcher)
          process.emitWarning(`onProgress of a shutdown has failed: ${asError(error).message}`)
        }
      }
    }
    const outcome = this.#work({ ...how, signal: cancelled.signal }, signal, tell).finally(() => {
      forget()
      this.#run = null
    })
    // Perhaps nobody waits for it any more.
    outcome.catch(() => undefined)
    return { watchers, cancel, outcome }
  }

  async #work(
    how: How,
    signal: AbortSignal | undefined,
    tell: Course['tell'],
  ): Promise<ShutdownReport> {
    const { pools, importing } = this.#host
    let index = 0
    let total = 0
    const course: Course = {
      ...{ how, tell, stopped: [], exported: [] },
      next: () => ({ index: ++index, total: (total = Math.max(total, index)) }),
    }
    const { stopped, exported } = course
    const before = await this.#marker.state()
    if (before === 'finished' && pools.size + importing.size === 0)
      return Object.freeze({ stopped, exported })
    await this.#forbidStarts(before === 'none', signal)
    const failures: Error[] = []
    // Others may be imported meanwhile; and a reboot from inside may come in between.
    while (pools.size + importing.size > 0 && failures.length === 0) {
      // Those that are there do not wait for one that is long in coming.
      const all = [...pools.values()].filter(({ name }) => !importing.has(name))
      if (all.length === 0) {
        await Promise.race([...importing].map((name) => this.#imported(name, how, tell)))
      }
      total = Math.max(total, index + all.reduce((sum, pool) => sum + runningIn(pool).length, 0))
      const stuck = await Promise.all(all.map((pool) => this.#stopAll(pool, course)))
      how.signal.throwIfAborted()
      done('shutdown.stopped')
      const idle = all.filter((_pool, at) => stuck[at]?.length === 0)
      const kept = await Promise.all(idle.map((pool) => this.#export(pool, course)))
      how.signal.throwIfAborted()
      failures.push(...stuck.flat(), ...kept.flat())
    }
    failures.push(...(await this.#stillRunning()))
    how.signal.throwIfAborted()
    if (failures.length > 0) throw new ShutdownError(failures)
    done('shutdown.exported')
    await this.#marker.finish().catch((error: unknown) => {
      // It may be gone as this was given up.
      how.signal.throwIfAborted()
      throw error
    })
    done('shutdown.finished')
    return Object.freeze({ stopped, exported })
  }

  /** @param takeBack whether it is to be as before when that fails, or is given up */
  async #forbidStarts(takeBack: boolean, signal: AbortSignal | undefined): Promise<void> {
    await using undo = new Undo()
    await this.#marker.make()
    if (takeBack) undo.add(() => this.#marker.remove())
    done('shutdown.marked', signal)
    for (const pool of this.#host.pools.values()) pool.disable()
    undo.commit()
  }

  /** @returns why some of them could not be */
  async #stopAll(pool: Pool, { how, stopped, tell, next }: Course): Promise<readonly Error[]> {
    const { name } = pool
    const { signal, timeout, method } = how
    const onStop = (id: string) => tell({ type: 'stop', pool: name, id, ...next() })
    try {
      await this.#settled(name, how)
      pool.disable()
      const report = await pool.autostart.stop({ timeout, method, signal, onStop })
      stopped.push(...report.stopped.map((id) => `${name}:${id}`))
      return report.failed.map(({ error }) => error)
    } catch (error) {
      return [asError(error)]
    }
  }

  /** Who imports it is told when that fails; what runs in it is then found by `#stillRunning()`. */
  async #imported(name: string, how: How, tell: Course['tell']): Promise<void> {
    tell({ type: 'wait', pool: name, reason: `pool '${name}' is being imported` })
    await this.#settled(name, how)
  }

  /** Not while it is being imported, or exported by somebody else. */
  async #settled(name: string, { signal, label }: How): Promise<void> {
    const patience = { signal, label, wait: Infinity }
    using op = new Operation(this.#host.locks, 'shutdown', `pool ${name}`, patience)
    await op.lock([claim('pool', name, 'shared')])
  }

  /** Unless something runs in it again. @returns why it could not be */
  async #export(pool: Pool, { how, exported, tell }: Course): Promise<readonly Error[]> {
    const { name } = pool
    const { signal, label } = how
    if (this.#host.pools.get(name) !== pool) return []
    const letGo = (wait: number) => this.#pools.export(name, { signal, label, wait })
    tell({ type: 'export', pool: name })
    try {
      await letGo(0).catch((error: unknown) => {
        if (!(error instanceof BusyError)) throw error
        tell({ type: 'wait', pool: name, reason: error.message })
        return letGo(Infinity)
      })
      exported.push(name)
      return []
    } catch (error) {
      const again = error instanceof StateError && runningIn(pool).length > 0
      return again ? [] : [asError(error)]
    }
  }

  /** Of pools that are not imported: what they are on cannot be taken away. */
  async #stillRunning(): Promise<Error[]> {
    const keeper = await this.#host.keeper()
    let known: readonly Known[] = []
    await keeper.containers((all) => (known = all))
    return known
      .filter(({ pool }) => !this.#host.pools.has(pool))
      .map(
        ({ pool, id, state }) =>
          new StateError(`container ${pool}:${id}`, state, 'its pool must be imported to stop it'),
      )
  }
}

function runningIn(pool: Pool) {
  return [...pool.containers.values()].filter(({ record }) => record.run.alive)
}
