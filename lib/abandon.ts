// For native calls that cannot be interrupted: the caller stops waiting, the call runs to its end.

import { onAbort } from './on-abort.js'

/** Settles as `promise` does, or rejects with `signal.reason` when that comes first. */
export function abandon<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error)
    }
    const forget = onAbort(signal, abort)
    promise.then(resolve, reject).finally(forget)
    if (signal.aborted) abort()
  })
}
