// Snapshots of containers' datasets. ZFS rolls back to the newest only; for an older one a clone of it takes
// the place of the dataset, which stays below it with all that is newer, its name beginning with a dot.

import { basename, dirname } from 'node:path'
import { PoolFullError } from '../../host/errors.js'
import {
  cloneSnapshot,
  datasetExists,
  destroySnapshots,
  makeSnapshots,
  promoteClone,
  renameDataset,
  rollbackDataset,
} from '../../zfs/datasets.js'
import { destroyTree } from '../../zfs/destroy-tree.js'
import { namingHolders } from '../../zfs/holders.js'
import { listDatasets, type ListedDataset } from '../../zfs/list.js'
import { localProperties } from '../../zfs/local-properties.js'
import { isZfsError } from '../../zfs/zfs-error.js'
import type { SnapshotEntry, SnapshotStorage } from '../snapshots.js'
import {
  assertRoomForNames,
  isInHands,
  LONGEST_NAME,
  listShared,
  type SharedTree,
} from './guest-datasets.js'
import { isAside } from './names.js'

const ASIDE = '.newer-'
const TRIES = 20

export class ZfsSnapshots implements SnapshotStorage {
  async create(homes: readonly string[], name: string): Promise<void> {
    for (let tries = TRIES; ; tries--) {
      const trees = await Promise.all(homes.map((home) => listShared(home)))
      try {
        const missing = await Promise.all(trees.map((tree) => missingIn(tree, name)))
        return await makeSnapshots(missing.flat())
      } catch (error) {
        // What a guest makes or destroys meanwhile is its own affair.
        const isTheirs = (one: string) => trees.some((tree) => isInHands(tree, one))
        if (tries === 0 || !isZfsError(error, 'EEXIST', 'ENOENT')) throw error
        if (error.failures.length === 0 || !error.failures.every((one) => isTheirs(one.name)))
          throw error
      }
    }
  }

  async list(home: string): Promise<readonly SnapshotEntry[]> {
    return (await snapshotsOf(home)).map(({ dataset, snapshot, properties }) => ({
      name: snapshot,
      createdAt: new Date(Number(properties['creation']?.value) * 1000),
      used: Number(properties['used']?.value),
      referenced: Number(properties['referenced']?.value),
      aside: dataset !== home,
    }))
  }

  async delete(home: string, name: string): Promise<void> {
    const tree = await listShared(home)
    const all = (await listDatasets(home, { snapshots: true })).map((one) => one.name)
    const named = all.filter((one) => one.endsWith(`@${name}`))
    await destroySnapshots(named.filter((one) => !isInHands(tree, one)))
    // A guest may hold them, or have clones.
    await destroySnapshots(
      named.filter((one) => isInHands(tree, one)),
      { defer: true },
    )
  }

  // ZFS says so as well, but in the middle.
  async assertFits(home: string, name: string): Promise<void> {
    await assertRoomForNames(home, '..old'.length, `a rollback of '${home}'`)
    const tree = await listShared(home, { properties: ['refquota'] })
    for (const { name: dataset, properties } of tree.ours) {
      if (isAside(dataset) || isInHands(tree, dataset)) continue
      const wanted = wantedOf(dataset, await snapshotsOf(dataset), name)
      const refquota = Number(properties['refquota']?.value ?? 0)
      const size = Number(wanted?.properties['referenced']?.value ?? 0)
      if (refquota > 0 && size > refquota) throw new PoolFullError(dataset, {}, true)
    }
  }

  rollback(home: string, name: string): Promise<void> {
    return namingHolders(home, () => this.#rollback(home, name))
  }

  async #rollback(home: string, name: string): Promise<void> {
    await settleTree(home)
    const tree = await listShared(home)
    for (const { name: dataset } of tree.ours) {
      if (isAside(dataset) || isInHands(tree, dataset)) continue
      await rollbackOne(dataset, name)
    }
  }
}

/**
 * Snapshots to be made. Where a guest has made one of that name itself, that is what is meant; what it has given
 * too long a name for one, it does without.
 */
async function missingIn({ ours, theirs, delegated }: SharedTree, name: string): Promise<string[]> {
  const there = new Set<string>()
  for (const one of delegated) {
    for (const found of await listDatasets(one, { snapshots: true })) there.add(found.name)
  }
  const snapshotOf = (one: ListedDataset): string => `${one.name}@${name}`
  const possible = theirs.map(snapshotOf).filter((one) => one.length <= LONGEST_NAME)
  const seen = ours.filter((one) => !isAside(one.name)).map(snapshotOf)
  return [...seen, ...possible].filter((one) => !there.has(one))
}

/**
 * A dataset whose place is being taken: `.web1.new` is the clone, `.web1.old` the dataset itself, both beside
 * it. The names say how far it has come.
 */
function partners(dataset: string): { readonly fresh: string; readonly old: string } {
  const beside = `${dirname(dataset)}/.${basename(dataset)}`
  return { fresh: `${beside}.new`, old: `${beside}.old` }
}

async function rollbackOne(dataset: string, name: string): Promise<void> {
  const all = await snapshotsOf(dataset)
  const wanted = wantedOf(dataset, all, name)
  // Not everything that is there now was there then.
  if (wanted === undefined) return
  if (wanted === all.findLast((one) => one.dataset === dataset)) {
    await rollbackDataset(dataset, wanted.name)
    return
  }
  const { fresh, old } = partners(dataset)
  const properties = await localProperties(dataset)
  await cloneSnapshot(wanted.name, fresh, { ...properties, canmount: 'noauto' })
  await promoteClone(fresh)
  await renameDataset(dataset, old)
  await settle(dataset)
}

function wantedOf(dataset: string, all: readonly Snapshot[], name: string): Snapshot | undefined {
  const named = all.filter((one) => one.snapshot === name)
  return named.find((one) => one.dataset === dataset) ?? named[0]
}

/** For everything that was left by somebody who was cut off; see {@link settle}. */
async function settleTree(home: string): Promise<void> {
  await settle(home)
  await settleBelow(home, Infinity)
}

/** The same of what is directly below, or also further down. */
export async function settleBelow(dataset: string, depth: number): Promise<void> {
  const { ours: found } = await listShared(dataset, { depth })
  const names = new Set(
    found.flatMap(({ name }) => {
      const [, of] = /^\.(.+)\.(?:new|old)$/.exec(basename(name)) ?? []
      return of === undefined ? [] : `${dirname(name)}/${of}`
    }),
  )
  for (const name of names) await settle(name)
}

/** Brings an exchange that was begun to its end, or takes it back; without one, nothing. */
async function settle(dataset: string): Promise<void> {
  const { fresh, old } = partners(dataset)
  if (!(await datasetExists(old))) {
    // The dataset is still where it was.
    if (await datasetExists(fresh)) await abandonClone(fresh, dataset)
    return
  }
  if (await datasetExists(fresh)) await renameDataset(fresh, dataset)
  const below = await listDatasets(old, { depth: 1 })
  for (const { name } of below.slice(1)) {
    await renameDataset(name, `${dataset}/${basename(name)}`)
  }
  await renameDataset(old, `${dataset}/${ASIDE}${Date.now()}`)
}

// It may own the snapshots already.
async function abandonClone(fresh: string, dataset: string): Promise<void> {
  const [one] = await listDatasets(dataset, { depth: 0, properties: ['origin'] })
  if (String(one?.properties['origin']?.value ?? '').startsWith(`${fresh}@`)) {
    await promoteClone(dataset)
  }
  await destroyTree(fresh)
}

interface Snapshot extends ListedDataset {
  readonly dataset: string
  /** What stands after the `@`. */
  readonly snapshot: string
}

/** Of a dataset, and of what was put aside from it; the oldest first. */
async function snapshotsOf(dataset: string): Promise<Snapshot[]> {
  const listed = await listDatasets(dataset, {
    depth: 1,
    snapshots: true,
    properties: ['creation', 'createtxg', 'used', 'referenced'],
  })
  return listed
    .flatMap((one): Snapshot[] => {
      const [of = '', snapshot] = one.name.split('@', 2)
      const its = of === dataset || basename(of).startsWith(ASIDE)
      return its && snapshot !== undefined ? [{ ...one, dataset: of, snapshot }] : []
    })
    .sort((a, b) => txgOf(a) - txgOf(b))
}

function txgOf({ properties }: Snapshot): number {
  return Number(properties['createtxg']?.value)
}
