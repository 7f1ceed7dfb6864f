// What the engine asks of a storage. A driver says what it can do; nothing is done in its stead.

import type { Image } from '../image/types.js'
import type { RootfsPlan } from '../keeper/types.js'
import type { CloneMode } from '../schema/pool.js'
import type { CopyRootfsOptions, OpenTree, RootfsOrigin } from './copy.js'
import type { DatasetStorage } from './datasets.js'
import type { ImageStorage } from './images.js'
import type { ReplacementStorage } from './replacement.js'
import type { SnapshotStorage } from './snapshots.js'
import type { PruneReport, Trash } from './zfs/trash.js'
import type { IdMap } from '../user/id-map.js'

export interface StorageCapabilities {
  /** A rootfs is made from an image without copying its content. */
  readonly instantClone: boolean
  readonly snapshots: boolean
  readonly quotas: boolean
  /** What guests notice: renames that fail with EXDEV, filesystems that do not stack. */
  readonly limitations: readonly string[]
}

/** How the rootfs of a container was made; it stays so for its life. */
export interface RootfsSource {
  readonly mode: CloneMode
  /** Null for a rootfs that needs no image any more. */
  readonly image: Image | null
}

export interface CreateRootfsOptions {
  readonly signal?: AbortSignal | undefined
  /** Another one, whose limits and properties it has, but not what is reserved for that one. */
  readonly like?: string | undefined
  /** What it has otherwise; null: nothing of its own. Only where there are datasets. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined
}

export interface StorageDriver {
  readonly name: 'dir' | 'zfs'
  /** The pool's; null for one in a directory. */
  readonly dataset: string | null
  readonly capabilities: StorageCapabilities
  readonly images: ImageStorage
  /** Other rootfs for containers that are there. */
  readonly replacement: ReplacementStorage
  /** Null where it cannot make any. */
  readonly snapshots: SnapshotStorage | null
  /** Null where a container has one directory, and nothing else. */
  readonly datasets: DatasetStorage | null
  /** Where what is deleted waits for its end; null where it goes at once. */
  readonly trash: Trash | null

  /** Whether it can be written to, without waiting for it. @throws PoolSuspendedError */
  assertWorking(): void

  /**
   * What the container has: the path of its directory, or the name of its dataset.
   *
   * @param declared what its file says of it
   */
  home(id: string, declared: string | null): string

  /** Makes a rootfs from the image. Undone completely when it fails. */
  create(home: string, source: RootfsSource, options: CreateRootfsOptions): Promise<void>

  /** How the rootfs was made that `copy()` makes of it, for its life. */
  copyMode(origin: RootfsOrigin): CloneMode

  /**
   * Looks whether `copy()` can be done, before anything is done for it.
   *
   * @throws ExistsError; PoolFullError for one that is at its quota; UnsupportedError for a container with more
   *   datasets, where there can be no others
   */
  assertCanCopy(home: string, origin: RootfsOrigin): Promise<void>

  /**
   * Makes a rootfs that is as another one, and does not need that one any more. Undone completely when it
   * fails.
   */
  copy(home: string, origin: RootfsOrigin, options: CopyRootfsOptions): Promise<void>

  /** For the origin: takes away what a copy of that name has made there. Not existing is fine. */
  endCopy(home: string, name: string): Promise<void>

  /** Its tree as it is on the disk, for this process alone. */
  open(home: string, source: RootfsSource): Promise<OpenTree>

  /** The keeper's orders for mounting it at `target`. */
  plan(home: string, source: RootfsSource, target: string, maps: IdMaps): RootfsPlan

  /** Takes it out of sight at once, then removes it. Not existing is fine. */
  remove(home: string): Promise<void>

  /** Goes on with removals that were cut off. Answers what has to wait. */
  sweep(): Promise<PruneReport['left']>

  rename(from: string, to: string): Promise<void>

  exists(home: string): Promise<boolean>

  /**
   * Looks whether what it has is its own and in the pool, where its file may say otherwise, or a link lead out.
   *
   * @throws ConfigBrokenError
   */
  check(home: string): Promise<void>

  /** Ids of all that there are. */
  list(): Promise<string[]>

  /** What is neither a container nor gone yet. */
  unfinished(): Promise<Place[]>

  place(home: string): Place
}

/** Where something is on the pool. */
export interface Place {
  readonly type: 'directory' | 'dataset'
  /** Its path, or its name. */
  readonly what: string
}

export interface IdMaps {
  readonly uidMap: IdMap
  readonly gidMap: IdMap
}
