// A rootfs made from that of another container, of the same pool or of another one.

import type { RootfsSource, StorageDriver } from './driver.js'

/** What is copied. */
export interface RootfsOrigin {
  readonly driver: StorageDriver
  readonly home: string
  readonly source: RootfsSource
}

/** How a container that runs is brought to rest, for as long as its files must not change. */
export interface Rest {
  /** Frozen, its files are as a loss of power would leave them. */
  readonly how: 'stopped' | 'frozen'
  begin(): Promise<void>
  /** It goes on. Again, or without a beginning, it does nothing. */
  end(): Promise<void>
}

export interface CopyRootfsOptions {
  /** What is made at the origin for it is called by: `endCopy()` takes that away. */
  readonly name: string
  /** Null for one that does not change. */
  readonly rest: Rest | null
  readonly signal: AbortSignal | undefined
}

/** A tree that can be read by `path` until it is closed. */
export interface OpenTree extends AsyncDisposable {
  readonly path: string
}
