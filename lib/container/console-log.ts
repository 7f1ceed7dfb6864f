// Follows the log of a console: a file that liblxc's monitor appends to, and moves aside to NAME.1
// when it is full.

import { watch, type FSWatcher } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { onAbort } from '../on-abort.js'
import { openFile } from '../pool/open-file.js'

/** A place in a console's output, to go on from later. */
export interface ConsolePosition {
  /** Which file: the log is moved when it is full. */
  readonly file: string
  readonly offset: number
}

/** `history`: all that is kept. `now`: what comes from now on. */
export type ConsoleSince = 'history' | 'now' | ConsolePosition

const CHUNK = 64 * 1024
const RETRY_MS = 50

/** All output from a position on: first what is there, then what comes. Ends when aborted. */
export class ConsoleLog implements AsyncIterable<Buffer> {
  readonly #path: () => string
  readonly #since: ConsoleSince
  #from: Promise<ConsolePosition | 'history' | null> | null = null
  readonly #signal: AbortSignal
  readonly #finishing = new AbortController()
  readonly #waking: AbortSignal
  #position: ConsolePosition | null = null

  /** @param path is asked each time, as its container may be renamed */
  constructor(path: () => string, since: ConsoleSince, signal: AbortSignal) {
    this.#path = path
    this.#since = since
    this.#signal = signal
    this.#waking = AbortSignal.any([signal, this.#finishing.signal])
  }

  /** Resolves when all is read that is said from then on. */
  async begun(): Promise<void> {
    await this.#begunFrom()
  }

  /** All that is there now is read, and nothing waited for. */
  finish(): void {
    this.#finishing.abort()
  }

  /** After what was read last; null before the first output. */
  get position(): ConsolePosition | null {
    return this.#position
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, undefined> {
    let log = await this.#begin()
    try {
      while (!this.#signal.aborted) {
        // Before it is looked: what is there by then is among it.
        const last = this.#finishing.signal.aborted
        const change = new Change(this.#path(), this.#waking)
        try {
          if (log !== null) yield* this.#rest(log)
          const next = await this.#after(log)
          if (next === null) {
            if (last) return undefined
            await change.seen
          } else {
            // What came between our last read and the move is still in the old file.
            try {
              if (log !== null) yield* this.#rest(log)
            } finally {
              await log?.file.close()
              log = next
            }
          }
        } finally {
          change.close()
        }
      }
      return undefined
    } finally {
      await log?.file.close()
    }
  }

  async *#rest(log: OpenLog): AsyncGenerator<Buffer, undefined> {
    while (!this.#signal.aborted) {
      const { buffer, bytesRead } = await log.file.read(
        Buffer.allocUnsafe(CHUNK),
        0,
        CHUNK,
        log.offset,
      )
      if (bytesRead === 0) return
      log.offset += bytesRead
      this.#position = { file: log.id, offset: log.offset }
      yield buffer.subarray(0, bytesRead)
    }
  }

  /** Null: the next file from its beginning. */
  #begunFrom(): Promise<ConsolePosition | 'history' | null> {
    const since = this.#since
    this.#from ??= since === 'now' ? endOf(this.#path()) : Promise.resolve(since)
    return this.#from
  }

  /** Where to begin, or null while there is no log at all. */
  async #begin(): Promise<OpenLog | null> {
    const since = await this.#begunFrom()
    const current = await openLog(this.#path())
    if (since === null) return current
    if (since !== 'history' && current?.id === since.file) {
      current.offset = Math.min(since.offset, current.size)
      return current
    }
    const previous = await this.#before(current)
    if (previous === null) return current
    await current?.file.close()
    // A position in a file that is gone: all that is left came after it.
    if (since !== 'history' && previous.id === since.file) {
      previous.offset = Math.min(since.offset, previous.size)
    }
    return previous
  }

  /** The file that ended where this one, which is closed if that fails, was begun. */
  async #before(current: OpenLog | null): Promise<OpenLog | null> {
    try {
      return await openLog(`${this.#path()}.1`)
    } catch (error) {
      await current?.file.close()
      throw error
    }
  }

  /** The file that was begun after this one, or null while this one is the last. */
  async #after(log: OpenLog | null): Promise<OpenLog | null> {
    const current = await openLog(this.#path())
    if (log === null || current === null) return current
    if (current.id === log.id) {
      await current.file.close()
      return null
    }
    const previous = await this.#before(current)
    if (previous === null || previous.id === log.id) {
      await previous?.file.close()
      return current
    }
    // We are two files behind.
    await current.file.close()
    return previous
  }
}

interface OpenLog {
  readonly file: FileHandle
  /** Inode numbers are used again, but not at the same instant. */
  readonly id: string
  /** Bytes, when it was opened. */
  readonly size: number
  offset: number
}

async function openLog(path: string): Promise<OpenLog | null> {
  let file: FileHandle
  try {
    file = await openFile(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
  try {
    const { ino, birthtimeNs, size } = await file.stat({ bigint: true })
    return { file, id: `${ino}-${birthtimeNs}`, size: Number(size), offset: 0 }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Null without a file. */
async function endOf(path: string): Promise<ConsolePosition | null> {
  const log = await openLog(path)
  if (log === null) return null
  await log.file.close()
  return { file: log.id, offset: log.size }
}

/** Watches a file from its making on, so that nothing between looking and waiting is missed. */
class Change {
  readonly seen: Promise<void>
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null
  #resolve: () => void = () => undefined
  readonly #forget: () => void
  // Also while the reader is elsewhere and will never ask again.
  readonly #abort = () => {
    this.#release()
    this.#resolve()
  }

  constructor(path: string, signal: AbortSignal) {
    this.seen = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#forget = onAbort(signal, this.#abort)
    try {
      this.#watcher = watch(path, { persistent: false }, () => this.#resolve())
      this.#watcher.on('error', () => this.#resolve())
    } catch {
      // Not there: between being moved and being made anew, or before the first start.
      this.#timer = setTimeout(() => this.#resolve(), RETRY_MS).unref()
    }
  }

  close(): void {
    this.#forget()
    this.#release()
  }

  #release(): void {
    this.#watcher?.close()
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}
