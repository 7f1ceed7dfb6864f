// What of a container's datasets is in the guest's hands: what is delegated to it, which has `zoned` set, and
// what it has made below. There it names and describes what it likes, and puts holds on it: so no name and no
// property says anything there, and what it has in the way of others is taken away.

import { UnsupportedError } from '../../host/errors.js'
import { releaseAll } from '../../zfs/holds.js'
import { listDatasets, type ListedDataset, type ListOptions } from '../../zfs/list.js'
import { isZfsError } from '../../zfs/zfs-error.js'

/** Longest name that ZFS knows, of a snapshot too: ZFS_MAX_DATASET_NAME_LEN without its end. */
export const LONGEST_NAME = 255

export interface SharedTree {
  /** Ours, and those that are delegated; with what was put aside. Parents before their children. */
  readonly ours: readonly ListedDataset[]
  /** What a guest has made. */
  readonly theirs: readonly ListedDataset[]
  /** Names of those that are delegated, and not below another one of these. */
  readonly delegated: readonly string[]
}

export async function listShared(
  root: string,
  options: Omit<ListOptions, 'snapshots'> = {},
): Promise<SharedTree> {
  const properties = [...new Set([...(options.properties ?? []), 'zoned'])]
  const found = await listDatasets(root, { ...options, properties })
  const delegated: string[] = []
  const isBelow = (name: string): boolean => delegated.some((one) => name.startsWith(`${one}/`))
  const ours: ListedDataset[] = []
  const theirs: ListedDataset[] = []
  for (const one of found) {
    if (isBelow(one.name)) {
      theirs.push(one)
      continue
    }
    ours.push(one)
    if (one.properties['zoned']?.value === 'on') delegated.push(one.name)
  }
  return { ours, theirs, delegated }
}

/** Whether it is one of these, or a snapshot of one, or below. */
export function isInHands({ delegated }: SharedTree, name: string): boolean {
  return delegated.some((one) => name.startsWith(one) && /^($|[/@])/.test(name.slice(one.length)))
}

/** Where there is no such dataset, there is nothing. */
export async function listIfThere(root: string): Promise<SharedTree> {
  try {
    return await listShared(root)
  } catch (error) {
    if (!isZfsError(error, 'ENOENT')) throw error
    return { ours: [], theirs: [], delegated: [] }
  }
}

/**
 * A guest that has names as long as they can be is in the way of whoever gives what is above them a longer one.
 *
 * @param more characters
 * @param snapshots whether these get longer names, too
 * @throws UnsupportedError
 */
export async function assertRoomForNames(
  root: string,
  more: number,
  what: string,
  snapshots = true,
): Promise<void> {
  const tree = await listShared(root)
  if (tree.delegated.length === 0) return
  for (const { name } of await listDatasets(root, { snapshots })) {
    assertRoom(name, more, what)
  }
}

/** @throws UnsupportedError */
export function assertRoom(name: string, more: number, what: string): void {
  if (name.length + more <= LONGEST_NAME) return
  throw new UnsupportedError(what, `the name of '${name}' would be too long for ZFS meanwhile`)
}

/** Of what is to be destroyed, with its snapshots. Not existing is fine. */
export async function releaseTheirs(root: string): Promise<void> {
  const { delegated } = await listIfThere(root)
  for (const one of delegated) {
    const names = (await listDatasets(one, { snapshots: true })).map(({ name }) => name)
    await releaseAll(names.filter((name) => name.includes('@')))
  }
}
