// Reads any number of datasets, with any number of properties. ZFS opens a dataset for its native ones, which
// costs more than all else, and to say what is below it; for user properties it does not.

import type { ZfsOptions } from './call.js'
import { listByProgram } from './list-program.js'
import { listStatistics } from './list-statistics.js'
import { isUserProperty } from './properties.js'
import { isZfsError } from './zfs-error.js'

export interface ListedProperty {
  /** What zfsprops(7) gives words to is a word; sizes and counts are numbers. */
  readonly value: string | bigint
  /**
   * `local`, `received`, `default`, or the dataset that it is inherited from; null for figures. Set nowhere,
   * but given to the mount that there is of it now: `temporary`.
   */
  readonly source: string | null
}

export interface ListedDataset {
  readonly name: string
  /** Without those that it does not have. */
  readonly properties: Readonly<Record<string, ListedProperty>>
}

export interface ListOptions extends ZfsOptions {
  /** How many levels below the first one; default: all. */
  readonly depth?: number
  /** Also snapshots. */
  readonly snapshots?: boolean
  readonly properties?: readonly string[]
}

export type Wanted = Required<Omit<ListOptions, keyof ZfsOptions>>

// zfs_max_dataset_nesting.
const DEPTH = 50

/**
 * The dataset, and what is below it, by name: parents before their children, and their snapshots before
 * these.
 *
 * @throws ZfsError ENOENT when there is none
 */
export async function listDatasets(
  root: string,
  options: ListOptions = {},
): Promise<ListedDataset[]> {
  const { depth = DEPTH, snapshots = false, properties = [] } = options
  const wanted = { depth: Math.min(depth, DEPTH), snapshots, properties }
  const list = properties.every(isUserProperty) ? listByProgram : listStatistics
  return (await list(root, wanted, options)).sort(byName)
}

/** One alone; null when there is none. */
export async function findDataset(
  name: string,
  properties: readonly string[],
): Promise<ListedDataset | null> {
  try {
    return (await listDatasets(name, { depth: 0, properties }))[0] ?? null
  } catch (error) {
    if (isZfsError(error, 'ENOENT')) return null
    throw error
  }
}

// The kernel has them in an order of its own.
function byName(a: ListedDataset, b: ListedDataset): number {
  const [one = '', two = ''] = [a.name, b.name].map((name) => name.replace('@', '\0'))
  return one < two ? -1 : 1
}
