// Where datasets go that are deleted: out of the way at once, by a new name, and off the disk one after
// the other. To free a large dataset is work for the disks that must not come all at once.

import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { abandon } from '../../abandon.js'
import { InTurn } from '../../in-turn.js'
import { Undo } from '../../undo.js'
import { inheritProperty, renameDataset, setProperties } from '../../zfs/datasets.js'
import { destroyTree } from '../../zfs/destroy-tree.js'
import { listDatasets } from '../../zfs/list.js'
import { zpoolOf } from '../../zfs/names.js'
import { isZfsError, ZfsError } from '../../zfs/zfs-error.js'
import { listShared, releaseTheirs } from './guest-datasets.js'
import { ORIGINAL_NAME, RESERVING, TRASHED_AT } from './names.js'
import { assertNotSuspended } from './suspended.js'

/** What is in the trash. */
export interface TrashEntry {
  /** The dataset as it is called now. */
  readonly dataset: string
  /** What it was called; null when it was put there by hand. */
  readonly originalName: string | null
  readonly trashedAt: Date | null
  /** Bytes that its end frees. */
  readonly used: number
}

export interface PruneOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds between two of them, in which ZFS frees what the first one had. Default 5000. */
  readonly pauseMs?: number | undefined
  /** Is told what comes next. */
  readonly onProgress?: ((progress: PruneProgress) => void) | undefined
}

/** The `index`th of `total`, from 1 on. */
export interface PruneProgress {
  readonly dataset: string
  readonly index: number
  readonly total: number
}

export interface PruneReport {
  readonly destroyed: readonly string[]
  /** What has to wait: it is mounted somewhere, held, or has clones. */
  readonly left: readonly { readonly dataset: string; readonly reason: string }[]
}

/** Longest part of a name that is kept: with the pool's name and what is added, ZFS's limit holds. */
const NAME_ROOM = 110
const PAUSE_MS = 5000

export class Trash {
  readonly #root: string
  readonly #pruning = new InTurn()

  /** @param pool the pool's dataset */
  constructor(readonly pool: string) {
    this.#root = `${pool}/trash`
  }

  /** A dataset of the pool, with all that is below it. Answers its new name; null when it does not exist. */
  async put(dataset: string): Promise<string | null> {
    const flat = dataset.slice(this.pool.length + 1).replaceAll('/', '-')
    const seconds = Math.floor(Date.now() / 1000)
    const unique = `${seconds}.${randomBytes(3).toString('hex')}`
    const name = `${this.#root}/${flat.slice(0, NAME_ROOM)}.${unique}`
    await using undo = new Undo()
    try {
      await setProperties(dataset, { [ORIGINAL_NAME]: dataset, [TRASHED_AT]: String(seconds) })
      undo.add(() => forgetTrash(dataset))
      const names = [name, `${this.#root}/${unique}`] as const
      const put = await renameToFirst(dataset, names).catch(async (error: unknown) => {
        if (!isZfsError(error, 'ENAMETOOLONG') || !(await destroyTheirs(dataset))) throw error
        return await renameToFirst(dataset, names)
      })
      undo.commit()
      await freeReserved(put)
      return put
    } catch (error) {
      // What has not answered may do it still.
      if (!(error instanceof ZfsError)) undo.commit()
      if (!isZfsError(error, 'ENOENT')) throw error
      return null
    }
  }

  /** The oldest first. @throws PoolSuspendedError */
  async list(): Promise<TrashEntry[]> {
    assertNotSuspended(zpoolOf(this.pool))
    const found = await listDatasets(this.#root, {
      depth: 1,
      properties: [ORIGINAL_NAME, TRASHED_AT, 'used'],
    })
    return found
      .filter(({ name }) => name !== this.#root)
      .map(({ name, properties }): TrashEntry => {
        const at = Number(properties[TRASHED_AT]?.value ?? Number.NaN)
        const original = properties[ORIGINAL_NAME]?.value
        return {
          dataset: name,
          originalName: typeof original === 'string' ? original : null,
          trashedAt: Number.isFinite(at) ? new Date(at * 1000) : null,
          used: Number(properties['used']?.value ?? 0),
        }
      })
      .sort((a, b) => (a.trashedAt?.getTime() ?? 0) - (b.trashedAt?.getTime() ?? 0))
  }

  /** Destroys what is in it, one after the other. Who comes while somebody else does waits for its turn. */
  prune(options: PruneOptions = {}): Promise<PruneReport> {
    return abandon(
      this.#pruning.run(() => this.#prune(options)),
      options.signal,
    )
  }

  async #prune({ signal, pauseMs = PAUSE_MS, onProgress }: PruneOptions): Promise<PruneReport> {
    signal?.throwIfAborted()
    const destroyed: string[] = []
    const left: { dataset: string; reason: string }[] = []
    const all = await this.list()
    for (const [at, { dataset }] of all.entries()) {
      signal?.throwIfAborted()
      onProgress?.({ dataset, index: at + 1, total: all.length })
      if (destroyed.length > 0) await sleep(pauseMs, undefined, signal && { signal })
      try {
        await releaseTheirs(dataset)
        await destroyTree(dataset)
        destroyed.push(dataset)
      } catch (error) {
        // An image whose containers are in the trash as well goes with the last of them. Whatever it is with others,
        // it is not in the way of what comes next; a pool that is suspended is.
        if (!(error instanceof ZfsError) || error.code === 'EAGAIN') throw error
        left.push({ dataset, reason: error.message })
      }
    }
    return { destroyed, left }
  }
}

// It stays where it is, and what takes its place one day is given what was set for it.
async function forgetTrash(dataset: string): Promise<void> {
  try {
    for (const property of [ORIGINAL_NAME, TRASHED_AT]) await inheritProperty(dataset, property)
  } catch (error) {
    if (!isZfsError(error, 'ENOENT')) throw error
  }
}

// Nobody writes there any more. It is gone from where it was, whatever becomes of this.
async function freeReserved(dataset: string): Promise<void> {
  try {
    for (const { name, properties } of await listDatasets(dataset, { properties: RESERVING })) {
      const some = RESERVING.filter((property) => Number(properties[property]?.value ?? 0) > 0)
      const none = Object.fromEntries(some.map((property) => [property, 'none']))
      if (some.length > 0) await setProperties(name, none)
    }
  } catch (error) {
    if (!(error instanceof ZfsError)) throw error
  }
}

// With the longest names a guest would be in the way of the end of all that is above.
async function destroyTheirs(dataset: string): Promise<boolean> {
  const { delegated } = await listShared(dataset)
  await releaseTheirs(dataset)
  for (const one of delegated) await destroyTree(one)
  return delegated.length > 0
}

// With the longest names of snapshots ZFS does not let it have a longer name than it had.
async function renameToFirst(dataset: string, names: readonly [string, string]): Promise<string> {
  const [name, short] = names
  try {
    await renameDataset(dataset, name)
    return name
  } catch (error) {
    if (!isZfsError(error, 'ENAMETOOLONG')) throw error
  }
  await renameDataset(dataset, short)
  return short
}
