// The errors that every room shares, and the table of all codes.
import { describeErrno } from './errno.js'

/**
 * Every `ERR_*` code with its meaning. A code never changes its meaning. Failures of the system
 * carry the kernel's own code instead (`ENOENT`, `EBUSY`, …).
 *
 * Whoever adds an error class adds its line here; the table of docs/errors.md is made from it.
 */
export const errorCodes = {
  ERR_ABORTED: 'The keeper gave it up; the call itself rejects with the reason of its signal',
  ERR_ADDON_MISSING: 'The native part of the package is not built for this machine',
  ERR_BUSY: 'Another operation holds the lock of the thing; `holder` says which',
  ERR_CANCELLED: 'Somebody else has given it up: a start, a shutdown or an operation of osctld',
  ERR_CLOSED: 'The object or its host was closed, before it was used or meanwhile',
  ERR_CONFIG_BROKEN: 'A YAML file has what it must not, at `line`, `column`; or it is no file',
  ERR_CONTAINER_ENDED: 'The container ended before it was in the state that was waited for',
  ERR_CONTAINER_NOT_RUNNING: 'The keeper knows of no such running container',
  ERR_CONTAINER_RUNNING: 'The container runs already',
  ERR_CONTAINER_START: 'The container did not start; `log` has the last lines of liblxc about it',
  ERR_CONTAINER_STOP: 'Init did not shut down in time, and killing was not allowed',
  ERR_EXEC_KILLED: 'The guest killed a program while it was being started',
  ERR_EXISTS: 'There is one of this name already',
  ERR_FAULT: 'A test has this step of an operation fail, by `VPSADMINOS_FAULT`',
  ERR_HOST_BUSY: 'Another process has the host open; `pid` says which',
  ERR_ID_OVERLAP: 'Ids of the machine would be shared with another user, pool or host',
  ERR_ID_RANGE_EXHAUSTED: 'The id-range has not enough free blocks in a row',
  ERR_IMAGE_CORRUPT: 'The archive of an image is truncated or damaged',
  ERR_IMAGE_DIGEST: 'The archive of an image is not the one that was asked for',
  ERR_IMAGE_ENTRY: 'The archive holds something that must not be in an image; `reason` says what',
  ERR_IMAGE_FORMAT: 'The file is no tar archive, plain or compressed by gzip, xz or zstd',
  ERR_IMAGE_LIMIT: 'The archive holds more entries or bytes than was allowed',
  ERR_IMAGE_SOURCE: 'There is no archive or directory at the path of an image',
  ERR_IMAGE_TOOL_MISSING: 'A program that unpacks images is not installed',
  ERR_INTERNAL: 'A mistake in the daemon; its log says more',
  ERR_INVALID_ARGUMENT: 'A value is wrong; `argument` says which, and nothing was changed',
  ERR_IN_USE: 'Others need the thing; `users` says who',
  ERR_KEEPER_BUSY: 'The keeper cannot end while containers or sessions are alive',
  ERR_KEEPER_LOST: 'The keeper ended while an answer was awaited; containers go on',
  ERR_KEEPER_RENEWAL: 'The keeper could not become another program, and goes on as it was',
  ERR_KEEPER_START: 'The keeper could not be started',
  ERR_KEEPER_VERSION: 'The keeper that runs is of another version',
  ERR_LIBRARY_MISSING: 'A system library is not installed, or lacks what we need of it',
  ERR_LOCK_ORDER: 'A mistake in the library: two operations could have waited for each other',
  ERR_LXC_CLEAR_CONFIG: 'liblxc does not know the configuration key that was to be cleared',
  ERR_LXC_CONFIG_KEYS: 'liblxc has no configuration keys below the prefix',
  ERR_LXC_CONSOLE: 'liblxc has no such terminal, it is taken, or the container does not run',
  ERR_LXC_FREEZE: 'liblxc could not freeze the container',
  ERR_LXC_INIT_PIDFD: 'The container does not run',
  ERR_LXC_LIST: 'liblxc could not list the containers of a path',
  ERR_LXC_LOAD_CONFIG: 'liblxc could not read a configuration file',
  ERR_LXC_OPEN: 'liblxc could not open the container: no memory, no lock, or a broken file',
  ERR_LXC_SAVE_CONFIG: 'liblxc could not write a configuration file',
  ERR_LXC_SET_CGROUP: "liblxc could not change a parameter of the container's cgroup",
  ERR_LXC_SET_CONFIG: 'liblxc refused a configuration key or its value',
  ERR_LXC_START: 'liblxc could not start the container',
  ERR_LXC_STATE: 'liblxc could not tell the state of the container',
  ERR_LXC_UNFREEZE: 'liblxc could not thaw the container',
  ERR_MONITOR_KILLED: 'The monitor of the container was killed while it started',
  ERR_NOT_A_POOL: 'The directory is not a pool',
  ERR_NOT_FOUND: 'There is none of this name; `kind` says what was looked for',
  ERR_NOT_ROOT: 'Only root can do this',
  ERR_NO_SUCH_CALL: 'The daemon has no such call; `GET /v1/openapi.json` has all',
  ERR_OUTPUT_LIMIT: 'A program printed more than `exec()` was to keep',
  ERR_OUTPUT_LOST: 'The process that carries the output of a program was killed; the rest is lost',
  ERR_POOL_FORMAT: 'The pool was written by a newer version of this library',
  ERR_POOL_FULL: 'There is no space left in the pool, or by a quota of it',
  ERR_POOL_READ_ONLY: 'The pool is on a read-only filesystem',
  ERR_POOL_SUSPENDED: 'The zpool has lost disks and waits for them',
  ERR_POOL_UNSAFE: 'Others than root could look into the pool',
  ERR_SESSION_LOST: 'There is no such session, or it ended with the keeper',
  ERR_SHUTDOWN: 'Something could not be stopped or let go of; `failures` says what',
  ERR_STATE: 'The container, pool or host is in a state in which this cannot be done',
  ERR_STATE_DIRECTORY_FULL: 'There is no space left for the run state, which is usually in `/run`',
  ERR_TIMEOUT: 'It took longer than was allowed',
  ERR_UNKNOWN_SIGNAL: 'There is no signal of this name',
  ERR_UNSUPPORTED: 'This machine or this pool cannot do it; `reason` says why',
} as const

/** A failed system call. Looks like the errors of `node:fs`. */
export class SystemError extends Error {
  /** `ENOENT`, `EBUSY`, … */
  readonly code: string
  /** Negative, as everywhere in Node: `util.getSystemErrorName(error.errno)` works. */
  readonly errno: number
  readonly syscall: string
  /** What was acted on, when it has a name. */
  declare readonly path?: string

  /** @param errnum the positive number that the kernel gave */
  constructor(errnum: number, syscall: string, path = '') {
    const [code, text] = describeErrno(errnum)
    super(`${code}: ${text}, ${syscall}${path === '' ? '' : ` '${path}'`}`)
    this.code = code
    this.errno = -errnum
    this.syscall = syscall
    if (path !== '') this.path = path
  }
  override get name(): string {
    return 'SystemError'
  }
}

/** A system library that was to be opened at run time cannot be used. */
export class LibraryMissingError extends Error {
  readonly code = 'ERR_LIBRARY_MISSING'
  /**
   * @param soname what was looked for: `liblxc.so.1`
   * @param reason the dynamic loader's words, or the name of the missing symbol
   */
  constructor(
    readonly soname: string,
    readonly reason: string,
  ) {
    super(`${soname} cannot be used: ${reason}`)
  }
  override get name(): string {
    return 'LibraryMissingError'
  }
}

/** Something was used after it had been closed. */
export class ClosedError extends Error {
  readonly code = 'ERR_CLOSED'
  /** @param resource what is closed: `lxc container 'web1'` */
  constructor(readonly resource: string) {
    super(`${resource} is closed`)
  }
  override get name(): string {
    return 'ClosedError'
  }
}

/** The addon was not found or does not load; the message lists what was tried and what to do. */
export class AddonMissingError extends Error {
  readonly code = 'ERR_ADDON_MISSING'
  override get name(): string {
    return 'AddonMissingError'
  }
}

/**
 * Passes a native promise on, with who awaits it in the stack of its error. What a worker thread
 * reports has no JavaScript stack of its own, and V8 adds one only to what is thrown in JavaScript.
 *
 * @example
 * return traced(native.cgroup.read(path))   // or `await`: a plain async `return` loses the frames
 */
export async function traced<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error, traced)
    throw error
  }
}
