// Further datasets of containers, below their own, where a storage has any.

import type { Properties } from '../zfs/properties.js'

/** Sizes are bytes; a limit that there is none of is null. */
export interface DatasetEntry {
  /** Relative to the container's own, which is `/`. */
  readonly name: string
  /** As `zfs` calls it. */
  readonly dataset: string
  /** With all that is below it, and all snapshots. */
  readonly used: number
  /** What is in it now. */
  readonly referenced: number
  readonly available: number
  readonly quota: number | null
  readonly refquota: number | null
  readonly reservation: number | null
  readonly refreservation: number | null
  /** Whether the container has it in its own hands, with all that it has made below it. */
  readonly delegated: boolean
  /** How many datasets, and snapshots, there may be of it and below it. */
  readonly filesystemLimit: number | null
  readonly snapshotLimit: number | null
}

/** Ids as the host has them. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface DatasetStorage {
  /** As `zfs` calls it. @param name relative to the container's own, or `/` */
  nameOf(home: string, name: string): string

  /** The container's own first; those that are put aside, or that a guest has made, are not among them. */
  list(home: string): Promise<readonly DatasetEntry[]>

  /** With those above it that are missing. What it has made before it failed is there. */
  create(home: string, name: string, properties: Properties): Promise<void>

  /** Null takes a property back to what is inherited. */
  set(home: string, name: string, properties: Readonly<Record<string, unknown>>): Promise<void>

  /**
   * Has it be one that a guest can manage, as soon as its user namespace is given it. Its top directory is the
   * guest's: what a guest mounts has the host's ids on the disk.
   */
  delegate(home: string, name: string, owner: Owner): Promise<void>

  /**
   * Takes that back, and what a guest has said of where and how it is mounted; what it has made stays. Not
   * existing is fine.
   */
  undelegate(home: string, name: string): Promise<void>

  /** Of a delegated one: what the guest has made, as `zfs` calls it, without snapshots. Not existing is fine. */
  theirs(home: string, name: string): Promise<readonly string[]>

  /** Takes it out of the way, with all that is below it. Not existing is fine. */
  remove(home: string, name: string): Promise<void>
}
