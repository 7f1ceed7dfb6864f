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
}

export interface DatasetStorage {
  /** As `zfs` calls it. @param name relative to the container's own, or `/` */
  nameOf(home: string, name: string): string

  /** The container's own first; those that are put aside are not among them. */
  list(home: string): Promise<readonly DatasetEntry[]>

  /** With those above it that are missing. What it has made before it failed is there. */
  create(home: string, name: string, properties: Properties): Promise<void>

  /** Null takes a property back to what is inherited. */
  set(home: string, name: string, properties: Readonly<Record<string, unknown>>): Promise<void>

  /** Takes it out of the way, with all that is below it. Not existing is fine. */
  remove(home: string, name: string): Promise<void>
}
