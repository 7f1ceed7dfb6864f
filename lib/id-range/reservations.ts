// Host ids that pools of this machine have taken, so that two hosts never give the same ids to two
// containers. Every pool has one file; a lock makes looking at all and writing one's own one step.

import { createHash } from 'node:crypto'
import { readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigBrokenError, IdOverlapError } from '../host/errors.js'
import { MACHINE_DIRECTORY, withMachineLock } from '../host/lock.js'
import type { Operation } from '../host/operation.js'
import { replaceRunFile } from '../host/run-file.js'
import { isGone, type PoolIdentity } from './pool-identity.js'
import { formatSpan, type IdSpan } from '../user/id-map.js'
import { countBefore, endOf, TakenSpans } from './taken-spans.js'

/** Where all hosts of this machine look. */
export const reservationsDirectory = join(MACHINE_DIRECTORY, 'ids')

/** Ids that an owner within a pool has: `user:web1`. */
export interface Reservation extends IdSpan {
  readonly owner: string
}

/** The name of the user that is an owner of ids; null for others. */
export function userIn(owner: string | null): string | null {
  return owner?.startsWith('user:') === true ? owner.slice('user:'.length) : null
}

interface Stored extends PoolIdentity {
  readonly reservations: readonly Reservation[]
}

/** One pool's turn at the ids of the machine. */
export interface Turn {
  /** Everything that any pool has, with what this turn has added. */
  readonly taken: () => readonly IdSpan[]
  /** @throws IdOverlapError when another owner or pool has some of the ids */
  readonly add: (reservation: Reservation) => void
  /** Makes it so for others to see. */
  readonly commit: () => Promise<void>
}

/** The reservations of one pool, and the way to make one. */
export class Reservations {
  /** By their first ids; no two have one in common. */
  #own: readonly Reservation[] = []
  /** Owners who have given back theirs, which could not be written. */
  readonly #owed = new Set<string>()
  // Other pools' files change rarely; they are parsed again only when they did.
  readonly #seen = new Map<string, Seen>()

  constructor(
    readonly pool: PoolIdentity,
    readonly directory: string,
  ) {}

  /**
   * Runs `work` while no other pool of this machine can take ids. It says with `commit()` what this
   * pool has from then on, and waits for no disk: everybody on this machine waits for it.
   */
  async exclusive<T>(op: Operation, work: (turn: Turn) => Promise<T>): Promise<T> {
    const gone = await this.#gone()
    return withMachineLock(op, this.directory, 'ids', async () => {
      const owed = new Set(this.#owed)
      const own = this.#own.filter(({ owner }) => !owed.has(owner))
      const others = await this.#others(gone)
      let theirs: TakenSpans<Taken> | null = null
      return work({
        taken: () => [...others, ...own],
        add: (reservation) => {
          theirs ??= new TakenSpans(others)
          const other = theirs.overlapping(reservation)
          if (other !== undefined) throw overlap(reservation, other)
          const at = countBefore(own, endOf(reservation))
          const before = own[at - 1]
          if (before !== undefined && endOf(before) > reservation.start)
            throw overlap(reservation, this.#named(before))
          own.splice(at, 0, reservation)
        },
        commit: async () => {
          await this.#write(own)
          this.#own = [...own]
          for (const owner of owed) this.#owed.delete(owner)
        },
      })
    })
  }

  /** @throws IdOverlapError when another owner or pool has some of the ids */
  async reserve(op: Operation, spans: readonly IdSpan[], owner: string): Promise<void> {
    await this.exclusive(op, async ({ add, commit }) => {
      for (const { start, count } of spans) add({ start, count, owner })
      await commit()
    })
  }

  /** What cannot be written now, as the machine's list has no room, is with the next change. */
  async release(op: Operation, owners: readonly string[]): Promise<void> {
    for (const owner of owners) this.#owed.add(owner)
    await this.exclusive(op, ({ commit }) => commit())
  }

  /**
   * Takes all that a pool has when it is imported. What overlaps is left out and returned.
   *
   * @param keeps says of which owners the ids that it had before are kept, as it is not known which
   *   they have now
   */
  async restore(
    op: Operation,
    wanted: readonly Reservation[],
    keeps: (owner: string) => boolean,
  ): Promise<readonly Conflict[]> {
    const known = new Set(wanted.map(({ owner }) => owner))
    const before = await this.#before()
    this.#own = before
      .filter(({ owner }) => keeps(owner) && !known.has(owner))
      .sort((a, b) => a.start - b.start)
    return this.exclusive(op, async ({ add, commit }) => {
      const conflicts: Conflict[] = []
      for (const span of wanted) {
        try {
          add(span)
        } catch (error) {
          if (!(error instanceof IdOverlapError)) throw error
          conflicts.push({ span, error })
        }
      }
      await commit()
      return conflicts
    })
  }

  /** What it had when it was imported last, since the machine was booted. */
  async #before(): Promise<readonly Reservation[]> {
    try {
      return storedIn(this.#file(), await readFile(this.#file(), 'utf8')).reservations
    } catch {
      // None, or damaged: it is written anew with what is known.
      return []
    }
  }

  holds(owner: string): boolean {
    return this.#own.some((reservation) => reservation.owner === owner)
  }

  /** The pool is not in use any more: its ids are free for others. */
  async releaseAll(op: Operation): Promise<void> {
    await withMachineLock(op, this.directory, 'ids', async () => {
      await unlink(this.#file()).catch(ignoreMissing)
      this.#own = []
    })
  }

  #named({ start, count, owner }: Reservation): Taken {
    return { start, count, owner: `${owner} of pool ${this.pool.path}` }
  }

  // Of two copies of a pool, which have one id, each has its own.
  #file(): string {
    const { uuid, marker } = this.pool
    const name = createHash('sha256').update(`${uuid}\0${marker}`).digest('hex').slice(0, 32)
    return join(this.directory, `${name}.json`)
  }

  // Renamed into place, so that a reader never sees half of it. It is gone after a reboot anyway,
  // and pools bring theirs back when they are imported: no fsync.
  async #write(reservations: readonly Reservation[]): Promise<void> {
    const stored: Stored = { ...this.pool, reservations }
    await replaceRunFile(this.#file(), JSON.stringify(stored))
  }

  /** @param gone files that say nothing any more, as they were */
  async #others(gone: ReadonlySet<Seen>): Promise<Taken[]> {
    const taken: Taken[] = []
    for (const seen of await this.#load()) {
      if (gone.has(seen)) {
        await unlink(seen.file).catch(ignoreMissing)
        this.#seen.delete(seen.file)
        continue
      }
      const { path, reservations } = seen.stored
      for (const span of reservations)
        taken.push({ ...span, owner: `${span.owner} of pool ${path}` })
    }
    return taken
  }

  /**
   * Those of pools that are no more, and what an earlier version of this library wrote of this one, by another name.
   * What is on a disk that does not answer is there.
   */
  async #gone(): Promise<Set<Seen>> {
    const gone = new Set<Seen>()
    await Promise.all(
      (await this.#load()).map(async (seen) => {
        if (this.#isOwn(seen.stored) || (await isGone(seen.stored))) gone.add(seen)
      }),
    )
    return gone
  }

  #isOwn({ uuid, marker }: PoolIdentity): boolean {
    return uuid === this.pool.uuid && marker === this.pool.marker
  }

  /** The files of all other pools. */
  async #load(): Promise<readonly Seen[]> {
    const names = await readdir(this.directory).catch(emptyWhenMissing)
    const files = names.filter((name) => name.endsWith('.json'))
    const all = await Promise.all(files.map((name) => this.#loadOne(join(this.directory, name))))
    return all.filter((seen) => seen !== null)
  }

  async #loadOne(file: string): Promise<Seen | null> {
    if (file === this.#file()) return null
    try {
      const { ino, mtimeNs, size } = await stat(file, { bigint: true })
      const version = `${ino}-${mtimeNs}-${size}`
      const known = this.#seen.get(file)
      if (known?.version === version) return known
      const stored = storedIn(file, await readFile(file, 'utf8'))
      const seen = { file, version, stored }
      this.#seen.set(file, seen)
      return seen
    } catch (error) {
      // Its pool was exported, or is no more.
      ignoreMissing(error)
      return null
    }
  }
}

/** @throws ConfigBrokenError: whose ids they are is not known, so nobody gets any */
function storedIn(file: string, text: string): Stored {
  try {
    const stored = JSON.parse(text) as Partial<Stored> | null
    if (Array.isArray(stored?.reservations)) return stored as Stored
  } catch (cause) {
    throw damaged(file, { cause })
  }
  throw damaged(file)
}

function damaged(file: string, options?: ErrorOptions): ConfigBrokenError {
  const reason = 'says ids of a pool, and is damaged: remove it unless that pool is imported'
  return new ConfigBrokenError(file, reason, null, null, options)
}

/** A file of another pool, as it was read. */
interface Seen {
  readonly file: string
  readonly version: string
  readonly stored: Stored
}

/** Ids that a pool has although others have them, too. */
export interface Conflict {
  readonly span: Reservation
  readonly error: IdOverlapError
}

/** A reservation as it is shown in messages. */
export interface Taken extends IdSpan {
  readonly owner: string
}

function overlap(span: IdSpan, other: Taken): IdOverlapError {
  return new IdOverlapError(formatSpan(span), formatSpan(other), other.owner)
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}

function emptyWhenMissing(error: unknown): string[] {
  ignoreMissing(error)
  return []
}
