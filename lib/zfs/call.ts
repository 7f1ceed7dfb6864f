// How a call of ZFS is made from here. One that runs cannot be given up: `signal` ends the waiting
// for it.

import { abandon } from '../abandon.js'
import { traced } from '../errors.js'

export interface ZfsOptions {
  /** Nobody waits any more; the call itself goes on, and others about the same dataset after it. */
  readonly signal?: AbortSignal | undefined
}

export function call<T>(work: () => Promise<T>, { signal }: ZfsOptions): Promise<T> {
  signal?.throwIfAborted()
  return traced(abandon(work(), signal))
}
