// The datasets of a container, sent and received within the kernel: a copy of its own, which only shares
// with the image what was cloned from it.
//
// Of one that runs and is to be stopped for it, most is copied before: while it does not run there is no
// more than a snapshot to be made.

import { done } from '../../step.js'
import { destroySnapshots, makeSnapshots, setProperties } from '../../zfs/datasets.js'
import { listDatasets } from '../../zfs/list.js'
import { localProperties } from '../../zfs/local-properties.js'
import { receiveSnapshot } from '../../zfs/receive.js'
import { snapshotStream } from '../../zfs/send.js'
import { isZfsError } from '../../zfs/zfs-error.js'
import type { CopyRootfsOptions } from '../copy.js'
import { isAside } from './names.js'

export interface DatasetCopy {
  /** The container's dataset, that of the copy, which does not exist. */
  readonly from: string
  readonly to: string
  /** What others may be clones of, with a slash at its end; null: the copy shares nothing. */
  readonly images: string | null
}

export async function copyDatasets(
  { from, to, images }: DatasetCopy,
  { name, rest, signal }: CopyRootfsOptions,
): Promise<void> {
  const datasets = await datasetsOf(from)
  const { base, last } = snapshotsOf(name)
  const copyOf = (dataset: string) => `${to}${dataset.slice(from.length)}`
  const made = await snapshotAll(datasets, base)
  done('copy.snapshot', signal)
  const shared = images === null ? null : await originBelow(from, images)
  for (const dataset of datasets) {
    const origin = dataset === from ? shared : null
    const stream = streamOf(`${dataset}@${base}`, origin, signal)
    await receiveSnapshot(`${copyOf(dataset)}@${base}`, stream, { origin, signal })
  }
  const copies = made.map(copyOf)
  if (rest?.how === 'stopped') {
    await rest.begin()
    copies.push(...(await snapshotAll(datasets, last)).map(copyOf))
    await rest.end()
    for (const dataset of datasets) {
      const stream = streamOf(`${dataset}@${last}`, `${dataset}@${base}`, signal)
      await receiveSnapshot(`${copyOf(dataset)}@${last}`, stream, { signal })
    }
  }
  await destroySnapshots(copies)
  for (const dataset of datasets) {
    // Not received ones: the next stream would take them away.
    const properties = await localProperties(dataset)
    await setProperties(copyOf(dataset), { ...properties, canmount: 'noauto' })
  }
}

/** Takes away the snapshots that a copy has made of its origin. */
export async function forgetCopy(home: string, name: string): Promise<void> {
  const { base, last } = snapshotsOf(name)
  const datasets = await datasetsOf(home).catch((error: unknown) => {
    if (isZfsError(error, 'ENOENT')) return []
    throw error
  })
  await destroySnapshots(datasets.flatMap((one) => [`${one}@${base}`, `${one}@${last}`]))
}

/** What the container sees: without what was put aside. Parents before their children. */
async function datasetsOf(home: string): Promise<string[]> {
  return (await listDatasets(home)).map(({ name }) => name).filter((name) => !isAside(name))
}

function snapshotsOf(name: string): { readonly base: string; readonly last: string } {
  return { base: `${name}-base`, last: `${name}-last` }
}

/** Of all of them in the same moment. Answers their names. */
async function snapshotAll(datasets: readonly string[], snapshot: string): Promise<string[]> {
  const names = datasets.map((dataset) => `${dataset}@${snapshot}`)
  await makeSnapshots(names)
  return names
}

/** The snapshot that it was cloned from, if that is there. */
async function originBelow(dataset: string, above: string): Promise<string | null> {
  const [found] = await listDatasets(dataset, { depth: 0, properties: ['origin'] })
  const origin = found?.properties['origin']?.value
  return typeof origin === 'string' && origin.startsWith(above) ? origin : null
}

function streamOf(snapshot: string, from: string | null, signal: AbortSignal | undefined) {
  const whole = { from, largeBlocks: true, compressed: true }
  return snapshotStream(snapshot, signal === undefined ? whole : { ...whole, signal })
}
