// A container's console: its output since the log began, and its keyboard. It can be attached while
// the container is stopped, and stays attached when it reboots.

import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs'
import { constants as system } from 'node:os'
import { Readable, type Duplex } from 'node:stream'
import { z } from 'zod'
import { StateError } from '../host/errors.js'
import { ClosedError, SystemError } from '../errors.js'
import type { Keeper } from '../keeper/keeper.js'
import { native } from '../native.js'
import { RootDir } from '../ns/root-dir.js'
import { onlyKeys, parse } from '../schema/parse.js'
import { ConsoleLog, type ConsolePosition, type ConsoleSince } from './console-log.js'
import { openTerminal } from './descriptor-streams.js'
import type { ContainerRecord } from './record.js'
import { checkWindow } from './session.js'

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

/**
 * Its output ends when it is closed, and when the container is deleted or its host is closed.
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
  readonly #forward: () => void
  readonly #signal: AbortSignal | undefined
  // Of the run and the keeper that it was asked for. Others have another one, and nothing tells that
  // what is written to an old one goes nowhere.
  #keyboard: { run: number; keeper: Keeper; stream: Duplex } | null = null
  #size: { rows: number; cols: number } | null = null

  /** @internal */
  constructor(record: ContainerRecord, options: ConsoleOptions) {
    onlyKeys(options, ['since', 'signal'], 'console')
    const { signal } = options
    const since = parse(sinceSchema, options.since ?? 'history', 'console.since')
    record.assertPresent()
    this.#record = record
    this.#signal = signal
    this.#forward = () => void this.close()
    if (signal?.aborted === true) this.#closing.abort()
    signal?.addEventListener('abort', this.#forward, { once: true })
    record.gone.signal.addEventListener('abort', this.#forward, { once: true })
    const path = record.pool.layout.consoleLog(record.id)
    this.#log = new ConsoleLog(path, since, this.#closing.signal)
  }

  /** After the output that was read last: attach `since` it later to miss nothing. */
  get position(): ConsolePosition | null {
    return this.#log.position
  }

  [Symbol.asyncIterator](): AsyncGenerator<Buffer, undefined> {
    return this.#log[Symbol.asyncIterator]()
  }

  /** The output as a stream. */
  readable(): Readable {
    return Readable.from(this, { objectMode: false })
  }

  /** Presses keys. @throws StateError unless the container runs */
  async write(keys: string | Uint8Array): Promise<void> {
    const { stream } = await this.#attach()
    await new Promise<void>((resolve, reject) => {
      stream.write(keys, (error) => {
        if (error == null) resolve()
        else reject(error)
      })
    })
  }

  /** Tells the size of the window, now and to later runs as soon as keys are pressed in them. */
  async resize(rows: number, cols: number): Promise<void> {
    checkWindow(rows, cols, 'resize')
    this.#size = { rows, cols }
    const { initPid } = this.#record.run
    if (initPid !== null) await setConsoleSize(initPid, rows, cols)
  }

  async #attach(): Promise<{ stream: Duplex }> {
    if (this.#closing.signal.aborted) throw new ClosedError(`console of ${this.#record.name}`)
    const { run, host, pool, id, name } = this.#record
    if (!run.alive) throw new StateError(name, run.state, 'a console takes keys only while it runs')
    const keeper = await host.keeper()
    if (this.#keyboard?.run === run.runs && this.#keyboard.keeper === keeper) return this.#keyboard
    this.#keyboard?.stream.destroy()
    const fd = await keeper.console(pool.name, id, 0)
    const stream = openTerminal(fd)
    // The run may end at any time, and the terminal with it: the next write finds out.
    stream.on('error', () => {
      this.#keyboard = null
    })
    this.#keyboard = { run: run.runs, keeper, stream }
    const size = this.#size
    if (size !== null && run.initPid !== null) {
      await setConsoleSize(run.initPid, size.rows, size.cols)
    }
    return this.#keyboard
  }

  /** Detaches; the container does not notice. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#signal?.removeEventListener('abort', this.#forward)
    this.#record.gone.signal.removeEventListener('abort', this.#forward)
    if (this.#keyboard === null) return
    const { keeper, stream } = this.#keyboard
    stream.destroy()
    this.#keyboard = null
    const { pool, id, run } = this.#record
    // It may have stopped meanwhile, and then there is nothing to give back.
    if (run.alive && keeper.open) await keeper.closeConsole(pool.name, id, 0).catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

// liblxc's monitor passes keys on from the terminal that it gives us, but not its size (5.0.2). So the
// size is set on the guest's own end. What the guest may have put at that path is looked at before it is
// opened: /dev/tty, for one, would be our own terminal. No link leads out of its root.
async function setConsoleSize(initPid: number, rows: number, cols: number): Promise<void> {
  await using root = await RootDir.open(`/proc/${initPid}/root`)
  const path = '/dev/console'
  const seen = await native.ns.openInRoot(root.fd, path, O_PATH, 0)
  try {
    if (!isPseudoterminal(fstatSync(seen)))
      throw new SystemError(system.errno.ENOTTY, 'ioctl', path)
    const flags = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK
    const fd = openSync(`/proc/self/fd/${seen}`, flags)
    try {
      native.keeper.setWindowSize(fd, rows, cols)
    } finally {
      closeSync(fd)
    }
  } finally {
    closeSync(seen)
  }
}

// open(2): a descriptor that names a file and opens nothing. Node has no name for it.
const O_PATH = 0o10000000

/** One of a devpts, Documentation/admin-guide/devices.txt: those that a guest can have are its own. */
function isPseudoterminal(info: Stats): boolean {
  const major = (info.rdev >> 8) & 0xfff
  return info.isCharacterDevice() && major >= 136 && major <= 143
}
