// native/zfs/binding.cc: libzfs_core. What says nothing else is on the storage lane, 16 threads that only calls
// about the same zpool use. Those that name one dataset first stand in its line, or in another one for what
// reads it: so one that hangs holds two of the threads. A call that runs cannot be given up.

/** Names of native properties have values of the kernel's: a number, or text. */
export interface ZfsEntry {
  name: string
  value: string | bigint | boolean | string[]
}

/** Null is a name without a value; an object has no prototype. */
export type ZfsResult = string | bigint | boolean | null | string[] | { [name: string]: ZfsResult }

export interface ZfsBookmark {
  /** `pool/a#b` */
  bookmark: string
  /** A snapshot or another bookmark of the same dataset. */
  source: string
}

export interface ZfsListedBookmark {
  /** What stands after the `#`. */
  name: string
  /** These three are the snapshot's. */
  guid: bigint
  createtxg: bigint
  /** Seconds since 1970. */
  creation: number
}

export interface ZfsHold {
  snapshot: string
  tag: string
}

export interface ZfsSendFlags {
  largeBlocks: boolean
  embedded: boolean
  compressed: boolean
  raw: boolean
}

/** Where a stream that was cut goes on. */
export interface ZfsResume {
  object: bigint
  offset: bigint
}

export interface ZfsReceiveOptions {
  origin: string | null
  force: boolean
  resumable: boolean
}

export interface ZfsProgramLimits {
  instructions: bigint
  /** Bytes. */
  memory: bigint
}

export interface ZfsListOptions {
  /** Levels below the first one. */
  depth: bigint
  snapshots: boolean
  properties: string[]
}

export interface Zfs {
  /** In the line of readers, as all that only reads. */
  exists(name: string): Promise<boolean>
  /**
   * By name of a dataset, by name of a property: `value`, and `source` where it was set. What
   * was set nowhere is not there.
   */
  list(root: string, options: ZfsListOptions): Promise<ZfsResult>
  create(name: string, properties: ZfsEntry[]): Promise<void>
  /** In the line of the new one. */
  clone(origin: string, name: string, properties: ZfsEntry[]): Promise<void>
  promote(name: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  destroy(name: string): Promise<void>
  rollback(name: string, snapshot: string): Promise<void>
  setProperties(name: string, properties: ZfsEntry[]): Promise<void>
  inheritProperty(name: string, property: string): Promise<void>
  /** In no line, as the next ones. All or none. */
  snapshot(names: string[], properties: ZfsEntry[]): Promise<void>
  destroySnapshots(names: string[], defer: boolean): Promise<void>
  bookmark(sources: ZfsBookmark[]): Promise<void>
  destroyBookmarks(names: string[]): Promise<void>
  bookmarks(dataset: string): Promise<ZfsListedBookmark[]>
  /**
   * One tag for each snapshot. What could not be held, or released, is in the error, and the others have
   * been nevertheless.
   */
  hold(holds: ZfsHold[]): Promise<void>
  release(holds: ZfsHold[]): Promise<void>
  /** `since`: seconds since 1970. */
  holds(snapshot: string): Promise<{ tag: string; since: number }[]>
  /** Inline. Two descriptors, which are the caller's. */
  pipe(): { read: number; write: number }
  /**
   * On the lane of streams. The caller may close his descriptor at once: this has a copy, which is closed
   * after the promise is settled and before anything else happens in the event loop.
   */
  send(
    snapshot: string,
    from: string | null,
    fd: number,
    flags: ZfsSendFlags,
    resume: ZfsResume | null,
  ): Promise<void>
  /** Bytes, estimated. */
  sendSpace(snapshot: string, from: string | null, flags: ZfsSendFlags): Promise<number>
  /** As send(). */
  receive(
    snapshot: string,
    properties: ZfsEntry[],
    options: ZfsReceiveOptions,
    fd: number,
  ): Promise<void>
  /** Inline. Of a packed nvlist of at most 64 KiB what is of the types that we read. */
  unpack(bytes: Uint8Array): ZfsResult
  /** In no line. What the program returns is `return` of the answer. */
  runProgram(
    pool: string,
    text: string,
    args: ZfsEntry[],
    sync: boolean,
    limits: ZfsProgramLimits,
  ): Promise<ZfsResult>
}
