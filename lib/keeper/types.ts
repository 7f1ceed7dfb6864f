// What is asked of the keeper and what it tells.
import type { Exit } from '../ns/pidfd.js'
import type { SignalName } from '../ns/signal.js'

export interface IdMapEntry {
  nsId: number
  hostId: number
  count: number
}

/** A further dataset that the container sees. */
export interface SubMount {
  /** Its name; the tree is its `private`. */
  dataset: string
  /** Absolute, in the container. */
  at: string
  readonly: boolean
}

/** Another tree that the container sees, put together as its rootfs is; or a device of the host. */
export interface TreeMount extends Pick<RootfsPlan, 'lower' | 'upper'> {
  mode: RootfsPlan['mode'] | 'device'
  /** Absolute, in the container. */
  at: string
}

export interface RootfsPlan {
  mode: 'overlay' | 'bind' | 'dataset'
  /** Mount point, in the keeper's mount namespace; its parent exists. */
  target: string
  /** overlay: the image's root directory. */
  lower: string | null
  /**
   * overlay: holds `upper/` and `work/`; bind: the tree itself; dataset: its name, and the tree is its
   * `private`.
   */
  upper: string
  uidMap: readonly IdMapEntry[]
  gidMap: readonly IdMapEntry[]
  /**
   * In the order in which they are mounted. For a start the keeper leaves them at `<target>.mounts/0` and so
   * on, from where the container's configuration has them mounted.
   */
  mounts?: readonly (SubMount | TreeMount)[]
}

export interface StartPlan {
  pool: string
  id: string
  /** `<lxcPath>/<id>/config` is there; in a file `init` beside it, NUL-ended arguments of init. */
  lxcPath: string
  /** Directory of another `config` and `init` that this start is with. */
  config?: string
  rootfs: RootfsPlan
  /** Relative to each hierarchy; left-overs are removed before a start and after an end. */
  cgroup: string
  seccompProfile: string | null
  /** Made by the keeper before the start, at most 107 bytes. */
  notifySocket: string | null
  logFile: string
  consoleLog: string
  timeoutMs: number
  /** Datasets that its user namespace is given, and while it runs is given or loses at once. */
  delegated?: readonly string[]
  /** An init of ours that runs instead of its own: for programs alone, and until the last of them has ended. */
  init?: string
  /** What a reboot from inside begins with. Default: the same again. */
  next?: StartPlan
}

export interface Started {
  /** As the host sees it. */
  initPid: number
  monitorPid: number
  /** Microseconds by step. */
  timings: Record<string, number>
}

export interface Known {
  pool: string
  id: string
  state: 'starting' | 'running' | 'frozen' | 'stopping'
  /** As the host sees it; null while it starts. */
  initPid: number | null
  /** Its init has said that it is up. */
  ready: boolean
  /** A reboot from inside begins with another plan. */
  once: boolean
  /** It was started for programs alone. */
  program: boolean
}

export interface ExecPlan {
  pool: string
  id: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  cwd: string
  /** `cwd` is the user's home: `/` where that is missing. */
  home: boolean
  uid: number
  gid: number
  groups: readonly number[]
  /** A terminal instead of three pipes. */
  tty: { rows: number; cols: number } | null
  /** False: /dev/null. Ignored with a terminal. */
  stdin: boolean
}

/** The caller closes the descriptors; the keeper has its own. */
export interface SessionStreams {
  session: number
  /** As the host sees it. */
  pid: number
  pidfd: number
  stdin: number | null
  stdout: number | null
  /** Null with a terminal, too. */
  stderr: number | null
  tty: boolean
  /** Set when it has ended. */
  exit: Exit | null
}

/** A program that ended before the answer was sent, with all that it printed. */
export interface Finished {
  exit: Exit
  stdout: Buffer
  stderr: Buffer
}

export interface SessionInfo {
  session: number
  pool: string
  id: string
  args: string[]
  pid: number
  tty: boolean
  exit: Exit | null
}

export type FileTarget = { pool: string; id: string } | { rootfs: RootfsPlan }

export interface ReplaceFileOptions {
  mode: number
  /** As the container counts; `null` keeps that of the file that is there, else it is root. */
  uid: number | null
  gid: number | null
  /** Makes missing parent directories. */
  mkdirs: boolean
}

export type FileOp =
  | { op: 'write'; path: string; data: Uint8Array; mode: number; mkdirs?: boolean }
  | { op: 'read'; path: string; limit: number }
  | { op: 'mkdir'; path: string; mode: number }
  | { op: 'symlink'; path: string; target: string }
  | { op: 'readlink'; path: string }
  | { op: 'unlink'; path: string }
  | { op: 'stat'; path: string }
  | { op: 'lstat'; path: string }
  | { op: 'hostname'; name: string }
  /** Of the terminal that is there; ENOTTY when something else is. */
  | { op: 'resize'; path: string; rows: number; cols: number }

/** One per op and in the same order. `error` is null when it was done. */
export interface FileResult {
  error: Error | null
  /** Of `read`. */
  data: Buffer | null
  /** Of `readlink`. */
  target: string | null
  /** Of `stat` and `lstat`. */
  stat: FileInfo | null
}

export interface FileInfo {
  type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket'
  mode: number
  size: number
  uid: number
  gid: number
}

interface EventBase {
  /** Numbers mean something under their epoch only. */
  epoch: string
  seq: number
  /** Milliseconds since 1970. */
  time: number
  pool: string
  id: string
}

export type KeeperEvent =
  | (EventBase & {
      type: 'state'
      state: 'starting' | 'running' | 'frozen' | 'stopping' | 'aborting' | 'stopped'
      /** With `running`, as soon as it can be seen: then that is told once more. */
      initPid: number | null
    })
  | (EventBase & {
      type: 'exit'
      reason: 'exited' | 'halt' | 'reboot' | 'signal' | 'failed' | 'unknown'
      code: number | null
      signal: SignalName | null
    })
  | (EventBase & { type: 'ready'; status: string })
  | (EventBase & {
      type: 'session'
      session: number
      code: number | null
      signal: SignalName | null
    })
  | { type: 'gap'; epoch: string; seq: number; time: number; from: number; to: number }
