// native/cgroup/binding.cc: cgroups in all mounted hierarchies at once. Every `path` is relative to
// each hierarchy's mountpoint: 'osctl/pool.tank'. All promises are on the libuv lane unless it says so.
import type { Subscription } from './ns.js'

/** One mounted hierarchy. `controllers` of a v1 mount may hold `name=systemd`. */
export interface Hierarchy {
  version: 1 | 2
  controllers: string[]
  mountpoint: string
}

/** Handle of an opened set of hierarchies. */
export interface Hierarchies {
  readonly __native: 'cgroup.Hierarchies'
}

/** `null` where the machine has no such figure, or the cgroup does not exist. Bytes, µs and numbers. */
export interface CgroupStats {
  memory: number | null
  memoryPeak: number | null
  /** `null` also when there is no limit. */
  memoryLimit: number | null
  swap: number | null
  cpuUs: number | null
  cpuUserUs: number | null
  cpuSystemUs: number | null
  pids: number | null
  /** Of block devices, since the cgroup was made; so are those below. */
  readBytes: number | null
  writtenBytes: number | null
  reads: number | null
  writes: number | null
}

/**
 * `frozen` is of the freezer of v2: where that of v1 is mounted too it says nothing of it, and a
 * `CgroupWatch` leaves it out. `kills` is the sum of the path and all below it; `null` on v1, see
 * `oomKills`, where one lack of memory may be told more than once.
 */
export type CgroupEvent =
  | { type: 'populated'; populated: boolean }
  | { type: 'frozen'; frozen: boolean }
  | { type: 'oom'; kills: number | null }
  | { type: 'removed' }

/** `directory` is a number of `addRemoval`; -1: some were lost, so any cgroup may be gone. */
export interface CgroupRemoval {
  directory: number
  name: string
}

export interface Cgroup {
  /** Inline. `null`: what /proc/self/mountinfo lists. */
  open(list: Hierarchy[] | null): Hierarchies
  /** Inline. */
  close(hierarchies: Hierarchies): void
  /** Inline. */
  list(hierarchies: Hierarchies): Hierarchy[]
  create(hierarchies: Hierarchies, path: string, enableControllers: boolean): Promise<void>
  /** Slow lane. */
  remove(hierarchies: Hierarchies, path: string, timeoutMs: number): Promise<void>
  /** Moves a process in every hierarchy; 0 is the caller. */
  join(hierarchies: Hierarchies, path: string, pid: number): Promise<void>
  /** `controller` '' is the unified hierarchy. */
  write(
    hierarchies: Hierarchies,
    path: string,
    controller: string,
    file: string,
    value: string,
  ): Promise<void>
  read(hierarchies: Hierarchies, path: string, controller: string, file: string): Promise<string>
  /** Lane of cgroups. */
  kill(hierarchies: Hierarchies, path: string, timeoutMs: number): Promise<void>
  /** Lane of cgroups. */
  freeze(hierarchies: Hierarchies, path: string, timeoutMs: number): Promise<void>
  /** `below`: also what was frozen by itself, on the lane of cgroups. */
  thaw(hierarchies: Hierarchies, path: string, below: boolean): Promise<void>
  frozen(hierarchies: Hierarchies, path: string): Promise<boolean>
  /** Slow lane: a guest makes as many cgroups as it likes, and all are visited. */
  procs(hierarchies: Hierarchies, path: string): Promise<number[]>
  /** Mountpoints of the hierarchies that have it. */
  exists(hierarchies: Hierarchies, path: string): Promise<string[]>
  /**
   * One call for many, and one value for all of them: each object is a microsecond of the thread that all
   * wait for.
   *
   * @param paths a line each, as no cgroup's name can hold a line's end
   * @param again the files stay open for the next time, as far as there are descriptors for it
   * @returns doubles: of each path in their order each figure in theirs, NaN for null
   */
  stats(
    hierarchies: Hierarchies,
    paths: string,
    figures: readonly (keyof CgroupStats)[],
    again: boolean,
  ): Promise<Buffer>
  /** Slow lane. Processes killed for lack of memory in the path and all below it. */
  oomKills(hierarchies: Hierarchies, path: string): Promise<number>
  /**
   * Events lane. The callback first hears what is so now (`populated`, `frozen`). `persistent`: the
   * event loop stays alive for it. On v2 the kernel does not tell of `removed` by itself: `look`.
   */
  watch(
    hierarchies: Hierarchies,
    path: string,
    persistent: boolean,
    callback: (event: CgroupEvent) => void,
  ): Subscription
  /** Inline. Has a watch see whether its cgroup is gone. */
  look(subscription: Subscription): void
  /** Inline. */
  unwatch(subscription: Subscription): void
  /** Events lane. Ended by `unwatch`; it does not keep the event loop alive. */
  watchRemovals(callback: (removal: CgroupRemoval) => void): Subscription
  /**
   * Inline. From now on the removal of `path` from the unified hierarchy is told, and of all beside
   * it. The directory that all of them are in; the same one has the same number.
   */
  addRemoval(subscription: Subscription, hierarchies: Hierarchies, path: string): number
  /** Inline. */
  dropRemoval(subscription: Subscription, directory: number): void
}
