// Holds: a snapshot that has one cannot be destroyed. They have tags, by which their holders know
// them, and stay over reboots.

import { native } from '../native.js'
import { call, subjects, type ZfsOptions } from './call.js'
import { isZfsError } from './zfs-error.js'

const AT_ONCE = 1000

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

/** Whatever their tags are; what is gone meanwhile is no error. */
export async function releaseAll(
  snapshots: readonly string[],
  options: ZfsOptions = {},
): Promise<void> {
  for (const snapshot of snapshots) {
    const tags = await listHolds(snapshot, options).catch((error: unknown) => {
      if (isZfsError(error, 'ENOENT')) return []
      throw error
    })
    // Each call waits for a transaction, and there is no limit to how many tags one may have.
    for (let at = 0; at < tags.length; at += AT_ONCE) {
      const some = tags.slice(at, at + AT_ONCE).map(({ tag }) => ({ snapshot, tag }))
      await call(`release ${snapshot}`, () => native.zfs.release(some), options).catch(
        (error: unknown) => {
          if (!isZfsError(error, 'ENOENT')) throw error
        },
      )
    }
  }
}

function each(tag: string, names: readonly string[]): { snapshot: string; tag: string }[] {
  return names.map((snapshot) => ({ snapshot, tag }))
}
