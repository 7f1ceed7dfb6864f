// Destroys a dataset with all that is below it.

import { setTimeout as sleep } from 'node:timers/promises'
import { destroyDataset, destroySnapshots } from './datasets.js'
import { namingHolders } from './holders.js'
import { listDatasets } from './list.js'
import { isZfsError } from './zfs-error.js'

export interface DestroyTreeOptions {
  /** Milliseconds to wait for what is busy. Default 0. */
  readonly patienceMs?: number
}

const RETRY_MS = 20

/**
 * With its snapshots and those of what is below it; there may be clones of one in another. Not existing
 * is fine, and what has appeared meanwhile is an error. What could be destroyed before it failed is gone.
 *
 * @throws ZfsError EEXIST while a snapshot has clones elsewhere, EBUSY while something of it is mounted, with
 *   `holders`, or held
 */
export async function destroyTree(
  name: string,
  { patienceMs = 0 }: DestroyTreeOptions = {},
): Promise<void> {
  await namingHolders(name, () => destroyWith(name, patienceMs))
}

async function destroyWith(name: string, patienceMs: number): Promise<void> {
  const end = performance.now() + patienceMs
  for (;;) {
    try {
      await destroyNow(name)
      return
    } catch (error) {
      if (!isZfsError(error, 'EBUSY') || performance.now() >= end) throw error
    }
    await sleep(RETRY_MS)
  }
}

interface Doomed {
  readonly name: string
  readonly snapshots: string[]
}

async function destroyNow(name: string): Promise<void> {
  let left = await lookFor(name)
  while (left.length > 0) {
    const stay: Doomed[] = []
    const errors: unknown[] = []
    for (const dataset of left) {
      try {
        if (dataset.snapshots.length > 0) await destroySnapshots(dataset.snapshots)
        await destroyDataset(dataset.name)
      } catch (error) {
        // Somebody else was faster.
        if (isZfsError(error, 'ENOENT')) continue
        if (!isZfsError(error, 'EBUSY', 'EEXIST')) throw error
        stay.push(dataset)
        errors.push(error)
      }
    }
    // Of several that are in each other's way, one must have gone.
    if (stay.length === left.length) throw errors[0]
    left = stay
  }
}

/** Children before their parents. */
async function lookFor(name: string): Promise<Doomed[]> {
  const found = await listDatasets(name, { snapshots: true }).catch((error: unknown) => {
    if (isZfsError(error, 'ENOENT')) return []
    throw error
  })
  const datasets = new Map<string, Doomed>()
  for (const one of found) {
    const [of = ''] = one.name.split('@', 1)
    const dataset = datasets.get(of) ?? { name: of, snapshots: [] }
    if (of !== one.name) dataset.snapshots.push(one.name)
    datasets.set(of, dataset)
  }
  return [...datasets.values()].reverse()
}
