// How a call of ZFS is made from here. One that runs cannot be given up: the limit, or `signal`, ends
// the waiting for it.

import { abandon } from '../abandon.js'
import { traced } from '../errors.js'
import { TimeoutError } from '../host/errors.js'

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
export function call<T>(
  what: string,
  work: () => Promise<T>,
  { signal, timeout = TIMEOUT_MS }: ZfsOptions,
): Promise<T> {
  signal?.throwIfAborted()
  return traced(abandon(limited(what, work(), timeout), signal))
}

// Not by an AbortController, which costs several times as much.
async function limited<T>(what: string, answer: Promise<T>, timeout: number): Promise<T> {
  if (timeout === Infinity) return await answer
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`zfs: ${what}`, timeout)), timeout)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

/** The first of them, and how many more there are. */
export function subjects(names: readonly string[]): string {
  const [first = 'nothing'] = names
  return names.length > 1 ? `${first} and ${names.length - 1} more` : first
}
