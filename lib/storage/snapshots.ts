// Snapshots of what containers have, where a storage can make them.

export interface SnapshotEntry {
  readonly name: string
  readonly createdAt: Date
  /** Bytes that only this one keeps. */
  readonly used: number
  /** Bytes that were there then. */
  readonly referenced: number
  /** True for one that was newer than what the container was rolled back to. */
  readonly aside: boolean
}

export interface SnapshotStorage {
  /**
   * Of all of them in the same moment, with everything below each; all or none.
   *
   * @param homes of one pool
   */
  create(homes: readonly string[], name: string): Promise<void>

  /** The oldest first. */
  list(home: string): Promise<readonly SnapshotEntry[]>

  /** Everywhere below it. @throws ZfsError EEXIST while something was cloned from it */
  delete(home: string, name: string): Promise<void>

  /** Looks whether a rollback can be done, before it is begun. @throws PoolFullError by a quota of now */
  assertFits(home: string, name: string): Promise<void>

  /**
   * Makes everything as it was then. What is newer than it is put aside, with its own snapshots. Cut off, it
   * can be begun again.
   */
  rollback(home: string, name: string): Promise<void>
}
