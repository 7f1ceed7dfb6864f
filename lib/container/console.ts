// A container's console: its output since the log began, and its keyboard. It can be attached while
// the container is stopped, and stays attached when it reboots.

import { Readable, type Writable } from 'node:stream'
import { z } from 'zod'
import { abandon } from '../abandon.js'
import { deadline } from '../host/deadline.js'
import { StateError } from '../host/errors.js'
import { ClosedError } from '../errors.js'
import { isNotRunning, KeeperLostError } from '../keeper/errors.js'
import type { Keeper } from '../keeper/keeper.js'
import { onlyKeys, parse } from '../schema/parse.js'
import { ConsoleLog, type ConsolePosition, type ConsoleSince } from './console-log.js'
import { openKeys } from '../descriptor-streams.js'
import type { ContainerRecord } from './record.js'
import { checkWindow } from './session.js'
import { onAbort } from '../on-abort.js'

const sinceSchema = z.union(
  [
    z.enum(['history', 'now']),
    z.object({ file: z.string(), offset: z.number().int().nonnegative() }),
  ],
  { error: "must be 'history', 'now' or a position" },
)

export interface ConsoleOptions {
  /** Where the output begins; default, and for null, `history`, which is all that is kept. */
  readonly since?: ConsoleSince | null | undefined
  readonly signal?: AbortSignal | undefined
}

const ENDING_MS = 1000
const ONLY_RUNNING = 'a console takes keys only while it runs'

interface Keyboard {
  readonly run: number
  readonly keeper: Keeper
  readonly stream: Writable
}

/**
 * Its output ends when it is closed, and when the container is deleted or its host is closed. It goes with the
 * container to another name.
 *
 * ```ts
 * await using console = ct.console()
 * for await (const output of console) process.stdout.write(output)
 * ```
 */
export class Console implements AsyncIterable<Buffer>, AsyncDisposable {
  readonly #record: ContainerRecord
  readonly #log: ConsoleLog
  readonly #closing = new AbortController()
  readonly #forget: readonly (() => void)[]
  // Of the run and the keeper that it was asked for. Others have another one, and nothing tells that
  // what is written to an old one goes nowhere.
  #keyboard: Keyboard | null = null
  #attaching: Promise<Keyboard> | null = null
  #size: { rows: number; cols: number } | null = null

  /** @internal */
  constructor(record: ContainerRecord, options: ConsoleOptions) {
    onlyKeys(options, ['since', 'signal'], 'console')
    const { signal } = options
    const since = parse(sinceSchema, options.since ?? 'history', 'console.since')
    record.assertPresent()
    this.#record = record
    if (signal?.aborted === true) this.#closing.abort()
    const close = () => void this.close()
    this.#forget = [onAbort(signal, close), onAbort(record.gone.signal, close)]
    const path = () => record.pool.layout.consoleLog(record.id)
    this.#log = new ConsoleLog(path, since, this.#closing.signal)
  }

  /** After the output that was read last: attach `since` it later to miss nothing. */
  get position(): ConsolePosition | null {
    return this.#log.position
  }

  [Symbol.asyncIterator](): AsyncGenerator<Buffer, undefined> {
    return this.#log[Symbol.asyncIterator]()
  }

  /**
   * Resolves when nothing of its output is missed that comes from then on. Before, `since: 'now'` may leave out what
   * has just been said.
   */
  begun(): Promise<void> {
    return this.#log.begun()
  }

  /** Its output ends after what was said by now. */
  finish(): void {
    this.#log.finish()
  }

  /** The output as a stream. */
  readable(): Readable {
    return Readable.from(this, { objectMode: false })
  }

  /**
   * Presses keys. Resolves when the terminal has them all, which is when the guest reads where it is
   * full.
   *
   * @throws StateError unless the container runs, and when it ends before that
   * @throws SystemError EBUSY while somebody else has its terminal, as lxc-console(1) has
   * @throws ClosedError when this is closed before that
   * @throws KeeperLostError when the keeper ends before that: some of the keys may have been pressed
   */
  async write(keys: string | Uint8Array): Promise<void> {
    // A monitor may be slow to give the terminal: who closes this does not wait for it.
    const attached = abandon(this.#attach(), this.#closing.signal)
    const keyboard = await attached.catch((error: unknown) => {
      this.#assertOpen()
      throw error
    })
    try {
      await new Promise<void>((resolve, reject) => {
        keyboard.stream.write(keys, (error) => {
          if (error == null) resolve()
          else reject(error)
        })
      })
    } catch (error) {
      this.#assertOpen()
      if (!keyboard.keeper.open) throw new KeeperLostError(this.#record.host.paths.stateDir)
      const reason = await this.#orEnded(error, keyboard)
      this.#assertOpen()
      throw reason
    }
  }

  /** What the terminal of a run has failed with, or that there is no such run. */
  async #orEnded(error: unknown, of: Pick<Keyboard, 'run' | 'keeper'>): Promise<unknown> {
    if (!of.keeper.open) return error
    const { name, run } = this.#record
    const isGone = isNotRunning(error)
    if (isGone && run.state === 'starting') {
      return new StateError(name, run.state, ONLY_RUNNING, { cause: error })
    }
    // The terminal goes a moment before it is heard why.
    using limit = deadline('', ENDING_MS)
    const ended = () => (run.alive && run.runs === of.run ? undefined : true)
    await run.until(ended, limit.signal).catch(() => undefined)
    // And longer where the keeper is busy clearing away after it: then it answers to nobody before.
    await of.keeper.containers().catch(() => undefined)
    if (ended() === undefined && !isGone) return error
    const reason = 'it ended before all keys were pressed'
    return new StateError(name, run.state, reason, { cause: error })
  }

  /** Tells the size of the window, now and to later runs as soon as keys are pressed in them. */
  async resize(rows: number, cols: number): Promise<void> {
    checkWindow(rows, cols, 'resize')
    this.#size = { rows, cols }
    if (this.#record.run.alive) await this.#tellSize()
  }

  // liblxc's monitor passes keys on from the terminal that it gives us, but not its size (5.0.2). So the
  // size is set on the guest's own end.
  async #tellSize(): Promise<void> {
    if (this.#size === null) return
    const { host, pool, id } = this.#record
    const keeper = await host.keeper()
    const step = { op: 'resize', path: '/dev/console', ...this.#size } as const
    const told = keeper.edit({ pool: pool.name, id }, [step])
    const [result] = await told.catch((error: unknown) => {
      // It has ended meanwhile: its next run is told.
      if (isNotRunning(error)) return []
      throw error
    })
    if (result?.error != null) throw result.error
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new ClosedError(`console of ${this.#record.name}`)
  }

  async #attach(): Promise<Keyboard> {
    this.#assertOpen()
    const { run, host, name } = this.#record
    if (!run.alive) throw new StateError(name, run.state, ONLY_RUNNING)
    const keeper = await host.keeper()
    if (this.#attaching !== null) return this.#attaching
    if (this.#keyboard?.run === run.runs && this.#keyboard.keeper === keeper) return this.#keyboard
    this.#attaching = this.#attachTo(run.runs, keeper).finally(() => (this.#attaching = null))
    return this.#attaching
  }

  async #attachTo(run: number, keeper: Keeper): Promise<Keyboard> {
    this.#keyboard?.stream.destroy()
    this.#keyboard = null
    const { pool, id } = this.#record
    const orEnded = async (error: unknown) => {
      throw await this.#orEnded(error, { run, keeper })
    }
    const terminal = await keeper.console(pool.name, id, 0).catch(orEnded)
    const stream = openKeys(terminal)
    const keyboard = { run, keeper, stream }
    // The run may end at any time, and the terminal with it: the next write finds out.
    stream.on('error', () => {
      if (this.#keyboard === keyboard) this.#keyboard = null
    })
    if (this.#closing.signal.aborted) {
      await this.#giveBack(keyboard)
      this.#assertOpen()
    }
    this.#keyboard = keyboard
    await this.#tellSize().catch(orEnded)
    return keyboard
  }

  async #giveBack({ keeper, stream }: Keyboard): Promise<void> {
    stream.destroy()
    const { pool, id, run } = this.#record
    // It may have stopped meanwhile, and then there is nothing to give back.
    if (run.alive && keeper.open) await keeper.closeConsole(pool.name, id, 0).catch(() => undefined)
  }

  /** Detaches; the container does not notice. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    for (const one of this.#forget) one()
    const keyboard = this.#keyboard
    this.#keyboard = null
    if (keyboard !== null) await this.#giveBack(keyboard)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
