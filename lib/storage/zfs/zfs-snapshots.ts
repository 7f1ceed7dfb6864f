// Snapshots of containers' datasets. ZFS rolls back to the newest only; for an older one a clone of it takes
// the place of the dataset, which stays below it with all that is newer: exchange.ts.

import { PoolFullError } from '../../host/errors.js'
import { destroySnapshots, rollbackDataset } from '../../zfs/datasets.js'
import { namingHolders } from '../../zfs/holders.js'
import { listDatasets, type ListedDataset } from '../../zfs/list.js'
import { isZfsError } from '../../zfs/zfs-error.js'
import type { SnapshotEntry, SnapshotStorage } from '../snapshots.js'
import { assertRoomToExchange, exchange, settle, unsettledBelow, wasExchanged } from './exchange.js'
import { isInHands, listShared } from './guest-datasets.js'
import { isAside } from './names.js'
import { snapshotShared } from './shared-snapshots.js'

/** Bytes of a quota that a clone takes by being there. */
const CLONE_ROOM = 2 ** 20

export class ZfsSnapshots implements SnapshotStorage {
  async create(homes: readonly string[], name: string): Promise<void> {
    await snapshotShared(homes, name)
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
    const tree = await listShared(home, { properties: ['quota', 'refquota', 'used'] })
    for (const { name: dataset, properties } of tree.ours) {
      if (isAside(home, dataset) || isInHands(tree, dataset)) continue
      const all = await snapshotsOf(dataset)
      const wanted = wantedOf(dataset, all, name)
      if (wanted === undefined) continue
      const isPlain = isNewest(wanted, all)
      if (!isPlain) await assertRoomToExchange(dataset)
      const number = (property: string) => Number(properties[property]?.value ?? 0)
      const [quota, refquota, used] = [number('quota'), number('refquota'), number('used')]
      const size = Number(wanted.properties['referenced']?.value ?? 0)
      const isFull = quota > 0 && used + CLONE_ROOM > quota && !isPlain
      if (isFull || (refquota > 0 && size > refquota)) throw new PoolFullError(dataset, {}, true)
    }
  }

  rollback(home: string, name: string): Promise<void> {
    return namingHolders(home, () => this.#rollback(home, name))
  }

  async #rollback(home: string, name: string): Promise<void> {
    await settle(home)
    for (const dataset of await unsettledBelow(home, Infinity)) await settle(dataset)
    const tree = await listShared(home)
    for (const { name: dataset } of tree.ours) {
      if (isAside(home, dataset) || isInHands(tree, dataset)) continue
      await rollbackOne(dataset, name)
    }
  }
}

async function rollbackOne(dataset: string, name: string): Promise<void> {
  // One that has only its limits to get back.
  await settle(dataset)
  const all = await snapshotsOf(dataset)
  const wanted = wantedOf(dataset, all, name)
  // Not everything that is there now was there then.
  if (wanted === undefined) return
  if (isNewest(wanted, all)) {
    try {
      await rollbackDataset(dataset, wanted.name)
      return
    } catch (error) {
      // A bookmark of one that is gone may be newer, too.
      if (!isZfsError(error, 'EEXIST')) throw error
    }
  }
  await exchange(dataset, wanted.name)
}

function wantedOf(dataset: string, all: readonly Snapshot[], name: string): Snapshot | undefined {
  const named = all.filter((one) => one.snapshot === name)
  return named.find((one) => one.dataset === dataset) ?? named[0]
}

/** Of the dataset that the container sees. */
function isNewest(wanted: Snapshot, all: readonly Snapshot[]): boolean {
  return (
    !wasExchanged(wanted.dataset) && wanted === all.findLast((one) => !wasExchanged(one.dataset))
  )
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
      const its = of === dataset || wasExchanged(of)
      return its && snapshot !== undefined ? [{ ...one, dataset: of, snapshot }] : []
    })
    .sort((a, b) => txgOf(a) - txgOf(b))
}

function txgOf({ properties }: Snapshot): number {
  return Number(properties['createtxg']?.value)
}
