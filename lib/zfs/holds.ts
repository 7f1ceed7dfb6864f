// Holds: a snapshot that has one cannot be destroyed. They have tags, by which their holders know
// them, and stay over reboots.

import { native } from '../native.js'
import { call, subjects, type ZfsOptions } from './call.js'

export interface Hold {
  readonly tag: string
  readonly since: Date
}

/**
 * Of one pool.
 *
 * @param tag up to 255 bytes; a snapshot can have many
 * @throws ZfsError whose `failures` say which are not held: ENOENT that is not there, EEXIST that
 *   has this tag already. Where all `failures` are ENOENT, the others are held; otherwise none is.
 */
export async function holdSnapshots(
  tag: string,
  names: readonly string[],
  options: ZfsOptions = {},
): Promise<void> {
  return call(`hold ${subjects(names)}`, () => native.zfs.hold(each(tag, names)), options)
}

/**
 * Of one pool. A snapshot whose destruction waited for it goes with its last hold.
 *
 * @throws ZfsError ENOENT, whose `failures` say which have no such hold, or are not there; the
 *   others are released
 */
export async function releaseSnapshots(
  tag: string,
  names: readonly string[],
  options: ZfsOptions = {},
): Promise<void> {
  return call(`release ${subjects(names)}`, () => native.zfs.release(each(tag, names)), options)
}

/** By tag. @throws ZfsError ENOENT without the snapshot */
export async function listHolds(snapshot: string, options: ZfsOptions = {}): Promise<Hold[]> {
  const holds = await call(`list holds of ${snapshot}`, () => native.zfs.holds(snapshot), options)
  return holds
    .map(({ tag, since }) => ({ tag, since: new Date(since * 1000) }))
    .sort((a, b) => (a.tag < b.tag ? -1 : 1))
}

function each(tag: string, names: readonly string[]): { snapshot: string; tag: string }[] {
  return names.map((snapshot) => ({ snapshot, tag }))
}
