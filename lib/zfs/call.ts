// How a call of ZFS is made from here. One that runs cannot be given up: the limit, or `signal`, ends
// the waiting for it.

import { abandon } from '../abandon.js'
import { traced } from '../errors.js'
import { deadline } from '../host/deadline.js'

export interface ZfsOptions {
  /** Nobody waits any more; the call itself goes on, and others about the same dataset after it. */
  readonly signal?: AbortSignal | undefined
  /**
   * Milliseconds to wait for it, and for those before it about the same dataset; default five minutes. A
   * pool that has lost its disks, or a dataset that hangs, would otherwise never answer.
   */
  readonly timeout?: number | undefined
}

/** Longer than a pool of slow disks takes for a transaction when it is busiest. */
const TIMEOUT_MS = 300_000

/**
 * @param what it does, and to which dataset
 * @throws TimeoutError that says so; what was asked for may come all the same
 */
export async function call<T>(
  what: string,
  work: () => Promise<T>,
  { signal, timeout = TIMEOUT_MS }: ZfsOptions,
): Promise<T> {
  signal?.throwIfAborted()
  using limit = deadline(`zfs: ${what}`, timeout, signal)
  return await traced(abandon(work(), limit.signal))
}

/** The first of them, and how many more there are. */
export function subjects(names: readonly string[]): string {
  const [first = 'nothing'] = names
  return names.length > 1 ? `${first} and ${names.length - 1} more` : first
}
