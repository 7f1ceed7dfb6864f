// The errors that every room shares, and the table of all codes.
import { describeErrno } from './errno.js'

/**
 * Every `ERR_*` code with its meaning. A code never changes its meaning. Failures of the system
 * carry the kernel's own code instead (`ENOENT`, `EBUSY`, …).
 *
 * Whoever adds an error class adds its line here; the README's table is made from it.
 */
export const errorCodes = {
  ERR_ADDON_MISSING: 'The native part of the package is not built for this machine',
  ERR_CLOSED: 'The object was closed before it was used',
  ERR_IMAGE_CORRUPT: 'The archive of an image is truncated or damaged',
  ERR_IMAGE_DIGEST: 'The archive of an image is not the one that was asked for',
  ERR_IMAGE_ENTRY: 'The archive holds something that must not be in an image; `reason` says what',
  ERR_IMAGE_FORMAT: 'The file is no tar archive, plain or compressed by gzip, xz or zstd',
  ERR_IMAGE_LIMIT: 'The archive holds more entries or bytes than was allowed',
  ERR_IMAGE_SOURCE: 'There is no archive or directory at the path of an image',
  ERR_IMAGE_TOOL_MISSING: 'A program that unpacks images is not installed',
  ERR_LIBRARY_MISSING: 'A system library is not installed, or lacks what we need of it',
  ERR_LXC_CLEAR_CONFIG: 'liblxc does not know the configuration key that was to be cleared',
  ERR_LXC_CONFIG_KEYS: 'liblxc has no configuration keys below the prefix',
  ERR_LXC_CONSOLE: 'liblxc has no such terminal, it is taken, or the container does not run',
  ERR_LXC_FREEZE: 'liblxc could not freeze the container',
  ERR_LXC_INIT_PIDFD: 'The container does not run',
  ERR_LXC_LIST: 'liblxc could not list the containers of a path',
  ERR_LXC_LOAD_CONFIG: 'liblxc could not read a configuration file',
  ERR_LXC_OPEN: 'liblxc could not open the container: no memory, no lock, or a broken file',
  ERR_LXC_SAVE_CONFIG: 'liblxc could not write a configuration file',
  ERR_LXC_SET_CONFIG: 'liblxc refused a configuration key or its value',
  ERR_LXC_STATE: 'liblxc could not tell the state of the container',
  ERR_LXC_UNFREEZE: 'liblxc could not thaw the container',
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
