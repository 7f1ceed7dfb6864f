// What ZFS keeps in memory, and what its datasets were asked for. The files are in memory, and are there for
// datasets in use: none waits for a disk.

import { readdir } from 'node:fs/promises'
import { inParallel } from '../in-parallel.js'
import { sumOf, type Requests } from './disks.js'
import { Kstat } from './kstat.js'
import { readSmall } from './small-file.js'

const KSTAT = '/proc/spl/kstat/zfs'
const MOST = 65_536
/** Node.js has four threads for files, which others need, too. */
const AT_ONCE = 2

export interface CacheUse {
  /** Bytes. */
  readonly size: number
  readonly hits: number
  readonly misses: number
}

export interface ZfsLoad {
  readonly arc: CacheUse & {
    /** Bytes that it may have at most. */
    readonly cMax: number
    /** Bytes that it wants to have now. */
    readonly c: number
  }
  /** On disks; of size 0 where there is none. */
  readonly l2arc: CacheUse & {
    /** Bytes on the disk. */
    readonly asize: number
  }
  /** Of all datasets of all pools; null when it was not asked for. */
  readonly iostat: Requests | null
}

/** Null where there is no ZFS. */
export async function readCaches(root = KSTAT): Promise<Omit<ZfsLoad, 'iostat'> | null> {
  const path = `${root}/arcstats`
  const text = await unlessGone(readSmall(path, MOST))
  if (text === null) return null
  const stats = new Kstat(path, text)
  return {
    arc: {
      cMax: stats.number('c_max'),
      c: stats.number('c'),
      size: stats.number('size'),
      hits: stats.number('hits'),
      misses: stats.number('misses'),
    },
    l2arc: {
      size: stats.number('l2_size'),
      asize: stats.number('l2_asize'),
      hits: stats.number('l2_hits'),
      misses: stats.number('l2_misses'),
    },
  }
}

/** Names of pools that are imported. */
export async function zpools(root = KSTAT): Promise<string[]> {
  const entries = await unlessGone(readdir(root, { withFileTypes: true }))
  return (entries ?? []).filter((entry) => entry.isDirectory()).map(({ name }) => name)
}

/** By the names of datasets that are in use, since they came to be. */
export async function readDatasets(
  pools: Iterable<string>,
  root = KSTAT,
): Promise<ReadonlyMap<string, Requests>> {
  const found = new Map<string, Requests>()
  for (const pool of pools) {
    const names = (await unlessGone(readdir(`${root}/${pool}`))) ?? []
    const objsets = names.filter((name) => /^objset-0x[\da-f]+$/.test(name))
    await inParallel(objsets, AT_ONCE, async (name) => {
      const path = `${root}/${pool}/${name}`
      const text = await unlessGone(readSmall(path, MOST))
      if (text === null) return
      const stats = new Kstat(path, text)
      found.set(stats.text('dataset_name'), {
        readBytes: stats.number('nread'),
        writtenBytes: stats.number('nwritten'),
        reads: stats.number('reads'),
        writes: stats.number('writes'),
      })
    })
  }
  return found
}

/**
 * Of datasets with all that is below each: one pass over those that are in use.
 *
 * @param homes of containers, none below another one
 */
export function requestsBelow(
  homes: ReadonlySet<string>,
  datasets: ReadonlyMap<string, Requests>,
): ReadonlyMap<string, Requests> {
  const below = new Map<string, Requests[]>()
  for (const [name, requests] of datasets) {
    for (let end = name.length; end > 0; end = name.lastIndexOf('/', end - 1)) {
      const home = name.slice(0, end)
      if (!homes.has(home)) continue
      const all = below.get(home)
      if (all === undefined) below.set(home, [requests])
      else all.push(requests)
      break
    }
  }
  return new Map([...below].map(([home, all]) => [home, sumOf(all)]))
}

/** Null for what is not there: ZFS is not loaded, a pool was exported, a dataset is in use no more. */
async function unlessGone<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw error
  }
}
