// Bookmarks: what is left of a snapshot that goes, its moment. A stream can begin at one.

import { native } from '../native.js'
import { call, subjects, type ZfsOptions } from './call.js'

export interface Bookmark {
  /** `pool/dataset#name` */
  readonly name: string
  /** That of the snapshot, which every copy of it has, too. */
  readonly guid: bigint
  /** The transaction group of the snapshot: the order of snapshots and bookmarks in one pool. */
  readonly createtxg: bigint
  /** When the snapshot was made. */
  readonly creation: Date
}

/**
 * Of one pool, and all or none.
 *
 * @param sources what to make it of, a snapshot or a bookmark of the same dataset, by the
 *   bookmark's name
 * @throws ZfsError whose `failures` say which could not be made: ENOENT without its source, EEXIST,
 *   ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR of another dataset, EINVAL for what is no name
 * @example
 * await makeBookmarks({ 'tank/ct/web1#monday': 'tank/ct/web1@monday' })
 */
export async function makeBookmarks(
  sources: Readonly<Record<string, string>>,
  options: ZfsOptions = {},
): Promise<void> {
  const each = Object.entries(sources).map(([bookmark, source]) => ({ bookmark, source }))
  return call(
    `bookmark ${subjects(Object.keys(sources))}`,
    () => native.zfs.bookmark(each),
    options,
  )
}

/** Those that are not there are no error. Of one pool, and all or none. @throws ZfsError */
export async function destroyBookmarks(
  names: readonly string[],
  options: ZfsOptions = {},
): Promise<void> {
  return call(`destroy ${subjects(names)}`, () => native.zfs.destroyBookmarks([...names]), options)
}

/**
 * Of one dataset, the oldest snapshot's first. Not by a channel program: that is told the names of
 * bookmarks, but `zfs.get_prop` does not take them (2.3).
 *
 * @throws ZfsError ENOENT without the dataset
 */
export async function listBookmarks(
  dataset: string,
  options: ZfsOptions = {},
): Promise<Bookmark[]> {
  const bookmarks = await call(
    `list bookmarks of ${dataset}`,
    () => native.zfs.bookmarks(dataset),
    options,
  )
  return bookmarks
    .sort((a, b) => Number(a.createtxg - b.createtxg) || (a.name < b.name ? -1 : 1))
    .map(({ name, guid, createtxg, creation }) => ({
      name: `${dataset}#${name}`,
      guid,
      createtxg,
      creation: new Date(creation * 1000),
    }))
}
