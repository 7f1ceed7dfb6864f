// Snapshots of containers' datasets of one moment, also of those that are in their guests' hands: these may have
// any name, and be in no state for a snapshot.

import { constants } from 'node:os'
import { datasetExists, makeSnapshots } from '../../zfs/datasets.js'
import { listDatasets, type ListedDataset } from '../../zfs/list.js'
import { ZfsError } from '../../zfs/zfs-error.js'
import { isInHands, LONGEST_NAME, listShared, type SharedTree } from './guest-datasets.js'
import { isAside } from './names.js'

const TRIES = 20

/**
 * All or none; but what a guest has is left out where it has one of that name itself, a name that is too long for
 * one, no room, or a stream that has not come wholly.
 *
 * @param homes of one pool
 * @returns those that were made
 * @throws ZfsError EEXIST where a container has one of that name, also among what was put aside
 */
export async function snapshotShared(homes: readonly string[], name: string): Promise<string[]> {
  const unfit = new Set<string>()
  for (let tries = TRIES; ; tries--) {
    const trees = await Promise.all(homes.map((home) => listShared(home)))
    try {
      const each = await Promise.all(
        homes.map((home, index) => missingIn(home, trees[index], name)),
      )
      const missing = each.flat().filter((one) => !unfit.has(one))
      await makeSnapshots(missing)
      return missing
    } catch (error) {
      const isTheirs = (one: string) => trees.some((tree) => isInHands(tree, one))
      if (tries === 0 || !(error instanceof ZfsError) || error.failures.length === 0) throw error
      if (!error.failures.every((one) => isTheirs(one.name))) throw error
      for (const { name: one, code } of error.failures) {
        // What a guest makes or destroys meanwhile is its own affair.
        if (code !== 'EEXIST' && code !== 'ENOENT') unfit.add(one)
      }
    }
  }
}

/** What there is to be made. Where a guest has made one of that name itself, that is what is meant. */
async function missingIn(
  home: string,
  tree: SharedTree | undefined,
  name: string,
): Promise<string[]> {
  const { ours = [], theirs = [], delegated = [] } = tree ?? {}
  const snapshotOf = (one: ListedDataset): string => `${one.name}@${name}`
  for (const one of ours.filter((each) => isAside(home, each.name)).map(snapshotOf)) {
    if (await datasetExists(one)) {
      throw new ZfsError(constants.errno.EEXIST, 'snapshot', one, '', [])
    }
  }
  const there = new Set<string>()
  for (const one of delegated) {
    for (const found of await listDatasets(one, { snapshots: true })) there.add(found.name)
  }
  const possible = theirs.map(snapshotOf).filter((one) => one.length <= LONGEST_NAME)
  const seen = ours.filter((one) => !isAside(home, one.name)).map(snapshotOf)
  return [...seen, ...possible].filter((one) => !there.has(one))
}
