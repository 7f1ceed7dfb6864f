// Host ids that pools of this machine have taken, so that two hosts never give the same ids to two
// containers. Every pool has one file; a lock makes looking at all and writing one's own one step.

import { createHash } from 'node:crypto'
import { readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { IdOverlapError } from '../host/errors.js'
import { MACHINE_DIRECTORY, withMachineLock } from '../host/lock.js'
import type { Operation } from '../host/operation.js'
import { formatSpan, spansOverlap, type IdSpan } from '../user/id-map.js'

/** Where all hosts of this machine look. */
export const reservationsDirectory = join(MACHINE_DIRECTORY, 'ids')

/** Ids that an owner within a pool has: `user:web1`. */
export interface Reservation extends IdSpan {
  readonly owner: string
}

/** Which pool a file speaks for. It is stale as soon as `marker` is another pool's or gone. */
interface PoolIdentity {
  readonly path: string
  readonly marker: string
  readonly uuid: string
}

interface Stored extends PoolIdentity {
  readonly reservations: Reservation[]
}

/** One pool's turn at the ids of the machine. */
export interface Turn {
  /** Everything that any pool has, with what this turn has added. */
  readonly taken: () => readonly Taken[]
  /** @throws IdOverlapError when another owner or pool has some of the ids */
  readonly add: (reservation: Reservation) => void
  readonly remove: (owner: string) => void
  /** Makes it so for others to see. */
  readonly commit: () => Promise<void>
  /** Everything as it was before the turn, for others to see. */
  readonly revert: () => Promise<void>
}

/** The reservations of one pool, and the way to make one. */
export class Reservations {
  #own: Reservation[] = []
  // Other pools' files change rarely; they are parsed again only when they did.
  readonly #seen = new Map<string, { version: string; stored: Stored | null }>()

  constructor(
    readonly pool: PoolIdentity,
    readonly directory: string,
  ) {}

  /**
   * Runs `work` while no other pool of this machine can take ids. It says with `commit()` what this
   * pool has from then on.
   */
  exclusive<T>(op: Operation, work: (turn: Turn) => Promise<T>): Promise<T> {
    return withMachineLock(op, this.directory, 'ids', async () => {
      const before = this.#own
      const own = [...before]
      const others = await this.#others()
      return work({
        taken: () => [...others, ...own.map((span) => this.#named(span))],
        add: (reservation) => {
          refuseOverlap(reservation, others)
          const mine = own.find((span) => spansOverlap(span, reservation))
          if (mine !== undefined) refuseOverlap(reservation, [this.#named(mine)])
          own.push(reservation)
        },
        remove: (owner) => {
          for (let at = own.length - 1; at >= 0; at--)
            if (own[at]?.owner === owner) own.splice(at, 1)
        },
        commit: async () => {
          await this.#write(own)
          this.#own = [...own]
        },
        revert: async () => {
          await this.#write(before)
          this.#own = before
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

  async release(op: Operation, owner: string): Promise<void> {
    await this.exclusive(op, async ({ remove, commit }) => {
      remove(owner)
      await commit()
    })
  }

  /**
   * Takes all that a pool has when it is imported. What overlaps is left out and returned.
   */
  async restore(op: Operation, wanted: readonly Reservation[]): Promise<readonly Conflict[]> {
    this.#own = []
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

  #file(): string {
    const name = createHash('sha256').update(this.pool.uuid).digest('hex').slice(0, 32)
    return join(this.directory, `${name}.json`)
  }

  // Renamed into place, so that a reader never sees half of it. It is gone after a reboot anyway,
  // and pools bring theirs back when they are imported: no fsync.
  async #write(reservations: Reservation[]): Promise<void> {
    const stored: Stored = { ...this.pool, reservations }
    const temporary = `${this.#file()}.new`
    await writeFile(temporary, JSON.stringify(stored), { mode: 0o600 })
    await rename(temporary, this.#file())
  }

  async #others(): Promise<Taken[]> {
    const names = await readdir(this.directory).catch(emptyWhenMissing)
    const files = names.filter((name) => name.endsWith('.json'))
    const stored = await Promise.all(files.map((name) => this.#load(join(this.directory, name))))
    return stored.flatMap((other) =>
      other === null
        ? []
        : other.reservations.map((span) => ({
            ...span,
            owner: `${span.owner} of pool ${other.path}`,
          })),
    )
  }

  async #load(path: string): Promise<Stored | null> {
    if (path === this.#file()) return null
    const { ino, mtimeNs, size } = await stat(path, { bigint: true })
    const version = `${ino}-${mtimeNs}-${size}`
    const known = this.#seen.get(path)
    const stored =
      known?.version === version
        ? known.stored
        : (JSON.parse(await readFile(path, 'utf8')) as Stored)
    this.#seen.set(path, { version, stored })
    if (stored === null || (await alive(stored))) return stored
    await unlink(path).catch(ignoreMissing)
    this.#seen.delete(path)
    return null
  }
}

/** Ids that a pool has although others have them, too. */
export interface Conflict {
  readonly span: IdSpan
  readonly error: IdOverlapError
}

/** A reservation as it is shown in messages. */
export interface Taken extends IdSpan {
  readonly owner: string
}

function refuseOverlap(span: IdSpan, taken: readonly Taken[]): void {
  const other = taken.find((candidate) => spansOverlap(candidate, span))
  if (other !== undefined)
    throw new IdOverlapError(formatSpan(span), formatSpan(other), other.owner)
}

async function alive({ marker, uuid }: PoolIdentity): Promise<boolean> {
  const text = await readFile(marker, 'utf8').catch(() => '')
  return text.includes(uuid)
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}

function emptyWhenMissing(error: unknown): string[] {
  ignoreMissing(error)
  return []
}
