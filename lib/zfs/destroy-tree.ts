// Destroys a dataset with all that is below it.

import { setTimeout as sleep } from 'node:timers/promises'
import { destroyDataset, destroySnapshots, promoteClone } from './datasets.js'
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
        await destroyAllOf(dataset)
      } catch (error) {
        // Somebody else was faster.
        if (isZfsError(error, 'ENOENT')) continue
        if (!isZfsError(error, 'EBUSY', 'EEXIST')) throw error
        stay.push(dataset)
        errors.push(error)
      }
    }
    if (stay.length < left.length) {
      left = stay
      continue
    }
    // Of several that are in each other's way, one must have gone, or come out of the way.
    if (!(await untangle(name))) throw errors[0]
    left = await lookFor(name)
  }
}

async function destroyAllOf({ name, snapshots }: Doomed): Promise<void> {
  if (snapshots.length > 0) {
    try {
      await destroySnapshots(snapshots)
    } catch (error) {
      if (!isZfsError(error, 'EEXIST')) throw error
      // A clone that no list has, of a receive that was cut off: receive.ts. Where there is none, it was another one.
      await destroyDataset(`${name}/%recv`).catch(() => undefined)
      await destroySnapshots(snapshots)
    }
  }
  await destroyDataset(name)
}

/**
 * What was cloned from what is below itself, as it may be after rollbacks, and by a guest: the one cannot go
 * before the other, until the snapshots are its own. Answers whether there was such a one.
 */
async function untangle(name: string): Promise<boolean> {
  for (const { name: one, properties } of await listDatasets(name, { properties: ['origin'] })) {
    if (!String(properties['origin']?.value ?? '').startsWith(`${one}/`)) continue
    await promoteClone(one)
    return true
  }
  return false
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
