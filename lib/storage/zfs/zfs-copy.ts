// The datasets of a container, sent and received within the kernel: a copy of its own, which only shares
// with the image what was cloned from it.
//
// Of one that runs and is to be stopped for it, most is copied before: while it does not run there is no
// more than a snapshot to be made.

import { dirname } from 'node:path'
import { done } from '../../step.js'
import { destroySnapshots, setProperties } from '../../zfs/datasets.js'
import { listDatasets } from '../../zfs/list.js'
import { localProperties } from '../../zfs/local-properties.js'
import { isSettable, type Properties } from '../../zfs/properties.js'
import { receiveSnapshot } from '../../zfs/receive.js'
import { snapshotStream } from '../../zfs/send.js'
import type { CopyRootfsOptions } from '../copy.js'
import { isInHands, listIfThere, listShared } from './guest-datasets.js'
import { isAside } from './names.js'
import { snapshotShared } from './shared-snapshots.js'

/** What a snapshot of a copy adds to a dataset's name: `osctl-copy-` and twelve digits, and which one. */
export const SNAPSHOT_ROOM = '@osctl-copy-0123456789ab-base'.length

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
  const { base, last } = snapshotsOf(name)
  const copyOf = (dataset: string) => `${to}${dataset.slice(from.length)}`
  const made = await snapshotShared([from], base)
  const datasets = withParents(from, made.map(datasetOf))
  const tree = await listShared(from)
  done('copy.snapshot', signal)
  const shared = images === null ? null : await originBelow(from, images)
  for (const dataset of datasets) {
    const origin = dataset === from ? shared : null
    const stream = streamOf(`${dataset}@${base}`, origin, signal)
    await receiveSnapshot(`${copyOf(dataset)}@${base}`, stream, { origin, signal })
    // Before what a guest has said of how it is mounted, and of what is below it.
    if (tree.delegated.includes(dataset)) await setProperties(copyOf(dataset), { zoned: true })
  }
  const copies = datasets.map((dataset) => copyOf(`${dataset}@${base}`))
  if (rest?.how === 'stopped') {
    await rest.begin()
    const then = (await snapshotShared([from], last)).map(datasetOf)
    await rest.end()
    for (const dataset of datasets.filter((one) => then.includes(one))) {
      copies.push(copyOf(`${dataset}@${last}`))
      const stream = streamOf(`${dataset}@${last}`, `${dataset}@${base}`, signal)
      await receiveSnapshot(`${copyOf(dataset)}@${last}`, stream, { signal })
    }
  }
  await destroySnapshots(copies)
  for (const dataset of datasets) {
    // Not received ones: the next stream would take them away.
    const properties = isInHands(tree, dataset)
      ? await guestProperties(dataset)
      : { ...(await localProperties(dataset)), canmount: 'noauto' }
    await setProperties(copyOf(dataset), properties)
  }
}

/** Takes away the snapshots that a copy has made of its origin. */
export async function forgetCopy(home: string, name: string): Promise<void> {
  const { base, last } = snapshotsOf(name)
  const tree = await listIfThere(home)
  const seen = [...tree.ours.filter((one) => !isAside(home, one.name)), ...tree.theirs]
  const snapshots = seen.flatMap((one) => [`${one.name}@${base}`, `${one.name}@${last}`])
  await destroySnapshots(snapshots.filter((one) => !isInHands(tree, one)))
  // A guest may hold them, or have clones.
  const theirs = snapshots.filter((one) => isInHands(tree, one))
  if (theirs.length > 0) await destroySnapshots(theirs, { defer: true })
}

/** Those that all above them are among, up to the first one. Parents before their children. */
function withParents(first: string, datasets: readonly string[]): string[] {
  const taken = new Set<string>()
  for (const one of [...datasets].sort()) {
    if (one === first || taken.has(dirname(one))) taken.add(one)
  }
  return [...taken]
}

function datasetOf(snapshot: string): string {
  return snapshot.split('@', 1)[0] ?? snapshot
}

/** What a guest may have set that cannot be set here is not worth a copy. */
async function guestProperties(dataset: string): Promise<Properties> {
  const [found] = await listDatasets(dataset, { depth: 0, properties: ['mountpoint'] })
  const mountpoint = found?.properties['mountpoint']
  const all: Properties = {
    ...(await localProperties(dataset)),
    ...(mountpoint?.source === 'local' ? { mountpoint: String(mountpoint.value) } : {}),
  }
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => isSettable(name, value)))
}

function snapshotsOf(name: string): { readonly base: string; readonly last: string } {
  return { base: `${name}-base`, last: `${name}-last` }
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
