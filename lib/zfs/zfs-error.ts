// What ZFS refused.
import { describeErrno } from '../errno.js'
import { SystemError } from '../errors.js'
import type { Holder } from './holders.js'

/** One of several datasets, snapshots, … of a call. */
export interface ZfsFailure {
  readonly name: string
  readonly code: string
}

/**
 * A call of ZFS failed. `code` is the kernel's, or OpenZFS's own, such as `ZFS_ERR_STREAM_TRUNCATED`;
 * `path` is the dataset.
 */
export class ZfsError extends SystemError {
  /** What else is known: the snapshot that is in the way, or a program's own words. */
  readonly detail: string
  /** By name, where the call was about several. */
  readonly failures: readonly ZfsFailure[]

  /** With EBUSY, where it was looked for: who has it mounted. */
  holders: readonly Holder[] = []

  /** Made by the addon. */
  constructor(
    errnum: number,
    call: string,
    name: string,
    detail: string,
    errors: readonly { readonly name: string; readonly errnum: number }[],
  ) {
    super(errnum, call, name)
    this.detail = detail
    this.failures = errors.map((one) => ({ name: one.name, code: describeErrno(one.errnum)[0] }))
    if (detail !== '') this.message += `: ${detail}`
    const others = this.failures.filter((one) => one.name !== name || one.code !== this.code)
    if (others.length > 0) {
      this.message += ` (${others.map((one) => `${one.name}: ${one.code}`).join(', ')})`
    }
  }
  override get name(): string {
    return 'ZfsError'
  }

  /** @internal */
  heldBy(holders: readonly Holder[]): void {
    this.holders = holders
    if (holders.length === 0) return
    const each = holders.map(
      ({ pid, program, path, mountNamespace }) =>
        `${program} (process ${pid}, mount namespace ${mountNamespace}) has it at ${path}`,
    )
    this.message += `: ${each.slice(0, 3).join('; ')}${each.length > 3 ? '; …' : ''}`
  }
}

export function isZfsError(error: unknown, ...codes: readonly string[]): error is ZfsError {
  return error instanceof ZfsError && codes.includes(error.code)
}
