// What was done to a pool, one line of JSON each, in vpsAdminOS's own file: who has it open notes what it was told to do.

import { constants } from 'node:fs'
import { rename, type FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { InvalidArgumentError } from '../host/errors.js'
import { InTurn } from '../in-turn.js'
import { inDiskTurn } from '../pool/disk-turns.js'
import { nullWhenMissing, openFile } from '../pool/open-file.js'
import type { Pool } from '../pool/pool.js'
import { poolError } from '../pool/write-file.js'
import { parse } from '../schema/parse.js'

export interface HistoryEntry {
  readonly pool: string
  /** Milliseconds since 1970; the file has whole seconds. */
  readonly time: number
  /** What was done: `ct_start`. */
  readonly cmd: string
  /** With what; `cli` is the whole command line, where there was one. */
  readonly opts: Readonly<Record<string, unknown>>
}

/** Bytes of a line; a longer one is refused. */
const MAX_LINE = 64 * 1024
/** Bytes of a line that is read: others may have written longer ones. */
const MAX_READ = 1024 * 1024
const CHUNK = 64 * 1024
/** Bytes of the file, after which another one is begun. One before it is kept. */
const MAX_FILE = 16 * 1024 * 1024

const { O_RDWR, O_APPEND, O_CREAT } = constants
const APPEND = O_RDWR | O_APPEND | O_CREAT

const given = z.strictObject({
  cmd: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be like "ct_start"'),
  opts: z.record(z.string(), z.unknown()).default({}),
})
const line = z.object({
  time: z.number(),
  cmd: z.string(),
  opts: z.record(z.string(), z.unknown()).default({}),
})

export class History {
  readonly #pool: Pool
  readonly #writers = new InTurn()
  /** Whether its last line is known to be whole: one may have been cut off with the machine. */
  #whole = false

  /** @internal */
  constructor(pool: Pool) {
    this.#pool = pool
  }

  /**
   * Notes what was done just now. It is not made durable: the last seconds before a loss of power may be missing.
   *
   * @throws InvalidArgumentError for more than 64 KiB; PoolFullError, PoolReadOnlyError,
   *   PoolSuspendedError
   */
  async append(entry: {
    readonly cmd: string
    readonly opts?: Readonly<Record<string, unknown>>
  }): Promise<void> {
    const { cmd, opts } = parse(given, entry, 'history.append')
    this.#pool.assertActive()
    const text = `${jsonOf({ time: Math.floor(Date.now() / 1000), cmd, opts })}\n`
    if (Buffer.byteLength(text) > MAX_LINE) {
      throw new InvalidArgumentError('history.append.opts', `must be at most ${MAX_LINE} bytes`)
    }
    const { driver, layout } = this.#pool
    driver.assertWorking()
    await this.#writers.run(() => inDiskTurn(layout.poolFile(), () => this.#write(text)))
  }

  /** The oldest first. A line that is none, as the last one before a loss of power, is left out. */
  async *entries(): AsyncGenerator<HistoryEntry, undefined> {
    // Before the older one: one that becomes that meanwhile is there twice then, and not missing.
    await using file = await openFile(this.#path).catch(nullWhenMissing)
    await using older = await openFile(`${this.#path}.1`).catch(nullWhenMissing)
    const both = [older, file].filter((one) => one !== null)
    const [first, second] = await Promise.all(both.map((one) => one.stat()))
    const files = first?.ino === second?.ino ? both.slice(0, 1) : both
    for (const one of files) {
      for await (const text of linesOf(one)) {
        const entry = entryIn(text)
        if (entry !== null) yield { pool: this.#pool.name, ...entry }
      }
    }
    return undefined
  }

  get #path(): string {
    return this.#pool.layout.history()
  }

  async #write(text: string): Promise<void> {
    const path = this.#path
    try {
      await using last = await openFile(path, APPEND, 0o400)
      const { size } = await last.stat()
      const full = size > MAX_FILE
      if (full) await rename(path, `${path}.1`)
      await using next = full ? await openFile(path, APPEND, 0o400) : null
      const cut = !this.#whole && size > 0 && !full && !(await endsLine(last, size))
      // One write: lines of several programs do not mix.
      await (next ?? last).appendFile(cut ? `\n${text}` : text)
      this.#whole = true
    } catch (error) {
      // It may have written a part of the line.
      this.#whole = false
      throw poolError(error, path)
    }
  }
}

/** Those of several pools, by their times. */
export async function* merged(
  histories: readonly History[],
): AsyncGenerator<HistoryEntry, undefined> {
  const open = histories.map((history) => history.entries())
  try {
    const next = await Promise.all(open.map((entries) => entries.next()))
    for (;;) {
      let first = -1
      for (const [index, { done, value }] of next.entries()) {
        if (done === true || value === undefined) continue
        const best = next[first]?.value
        if (best === undefined || value.time < best.time) first = index
      }
      const entry = next[first]?.value
      const entries = open[first]
      if (entry === undefined || entries === undefined) return undefined
      yield entry
      next[first] = await entries.next()
    }
  } finally {
    await Promise.all(open.map((entries) => entries.return(undefined)))
  }
}

// What refers to itself is none, nor is a BigInt.
function jsonOf(entry: object): string {
  try {
    return JSON.stringify(entry)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new InvalidArgumentError('history.append.opts', `must be JSON: ${reason}`)
  }
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  return buffer.toString() === '\n'
}

/** One that is too long, as of a file that has none, is left out. */
async function* linesOf(file: FileHandle): AsyncGenerator<string, undefined> {
  let begun: Buffer[] = []
  let length = 0
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null)
    if (bytesRead === 0) break
    let from = 0
    for (;;) {
      const end = buffer.subarray(0, bytesRead).indexOf('\n', from)
      const part = buffer.subarray(from, end === -1 ? bytesRead : end)
      length += part.length
      if (length <= MAX_READ) begun.push(part)
      else begun = []
      if (end === -1) break
      if (length <= MAX_READ) yield Buffer.concat(begun).toString('utf8')
      begun = []
      length = 0
      from = end + 1
    }
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8')
  return undefined
}

function entryIn(text: string): Omit<HistoryEntry, 'pool'> | null {
  try {
    const { time, cmd, opts } = line.parse(JSON.parse(text))
    return { time: time * 1000, cmd, opts }
  } catch {
    return null
  }
}
