// native/ns/binding.cc: pidfds, namespaces, mounts by descriptor, and files and trees that a container's
// owner may have filled. Descriptors that are returned belong to the caller. All promises are on the
// libuv lane unless it says so.

/** Handle of something that is waited for. */
export interface Subscription {
  readonly __native: 'subscription'
}

export interface IdMapEntry {
  nsId: number
  hostId: number
  count: number
}

/** Inode numbers of /proc/PID/ns; `null` for a type that the kernel lacks. */
export interface NamespaceIds {
  cgroup: bigint | null
  ipc: bigint | null
  mnt: bigint | null
  net: bigint | null
  pid: bigint | null
  time: bigint | null
  user: bigint | null
  uts: bigint | null
}

/** `waitStatus` as wait(2) has it; `null` when the kernel does not tell others than the parent. */
export type ExitEvent = { type: 'exit'; waitStatus: number | null }

export interface CloneReport {
  entries: number
  bytes: number
  reflinked: number
  copied: number
}

export interface FileStat {
  /** Type and permissions, as in `fs.Stats`. */
  mode: number
  uid: number
  gid: number
  size: number
  nlink: number
  ino: bigint
  mtimeMs: number
}

/** Handle by which work on a tree is told to end. */
export interface Stop {
  readonly __native: 'ns.Stop'
}

export interface Ns {
  /** Inline. */
  pidfdOpen(pid: number): number
  /** Inline. */
  pidfdSendSignal(pidfd: number, signal: number): void
  /** Inline. */
  pidfdGetfd(pidfd: number, fd: number): number
  /** Inline. */
  pidfdPid(pidfd: number): number
  /** Events lane; copies the descriptor. */
  watchExit(pidfd: number, persistent: boolean, callback: (event: ExitEvent) => void): Subscription
  /** Inline. */
  unwatch(subscription: Subscription): void

  namespaceIds(pid: number): Promise<NamespaceIds>
  createUserNs(uidMap: IdMapEntry[], gidMap: IdMapEntry[]): Promise<number>

  /** A detached copy of the mount at `path`; `attributes` are MOUNT_ATTR_ bits. */
  cloneMount(
    path: string,
    userNs: number | null,
    attributes: number,
    recursive: boolean,
  ): Promise<number>
  /**
   * A detached new filesystem; an option without a value is a flag. Slow lane; of ZFS that of the storage, in
   * the line of those that read the dataset.
   */
  newMount(type: string, options: [string, string | null][], attributes: number): Promise<number>
  /**
   * As `newMount`; the last one of a filesystem unmounts it. `dataset` where it is one of ZFS. The descriptor is
   * the caller's no more.
   */
  closeMount(mount: number, dataset: string | null): Promise<void>
  setMountAttributes(
    mount: number,
    set: number,
    clear: number,
    userNs: number | null,
    recursive: boolean,
  ): Promise<void>
  moveMount(mount: number, path: string): Promise<void>
  /** Slow lane. */
  umount(path: string, detach: boolean): Promise<void>

  /** Inline. False when somebody has it; freed with the descriptor. */
  lockFile(fd: number): boolean

  /** Inline. A datagram to a service manager, sd_notify(3); `address` as in `NOTIFY_SOCKET`. */
  notify(address: string, text: string): void

  /** Inline. */
  newStop(): Stop
  /** Inline. The work rejects with ECANCELED soon after. */
  stop(stop: Stop): void
  /** Lane of trees. */
  removeTree(path: string, stop: Stop | null): Promise<void>
  /** Lane of trees. `to` must not exist. */
  cloneTree(from: string, to: string, reflink: boolean, stop: Stop | null): Promise<CloneReport>
  canReflink(directory: string): Promise<boolean>
  /** Lane of trees. syncfs(2) of the filesystem that the directory is on. */
  flushFilesystem(path: string): Promise<void>

  openFileInRoot(root: number, path: string, flags: number, mode: number): Promise<number>
  readFileInRoot(root: number, path: string, limit: number): Promise<Buffer>
  writeFileInRoot(
    root: number,
    path: string,
    data: Uint8Array,
    mode: number,
    uid: number | null,
    gid: number | null,
  ): Promise<void>
  mkdirInRoot(
    root: number,
    path: string,
    mode: number,
    uid: number | null,
    gid: number | null,
  ): Promise<void>
  symlinkInRoot(root: number, path: string, target: string): Promise<void>
  readlinkInRoot(root: number, path: string): Promise<string>
  unlinkInRoot(root: number, path: string): Promise<void>
  statInRoot(root: number, path: string, follow: boolean): Promise<FileStat>
}
