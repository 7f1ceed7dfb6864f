// A time limit as an AbortSignal, joined with the caller's own.

import { TimeoutError } from '../host/errors.js'

/** Disposed of when the operation is over, so that no timer outlives it. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal
}

/** @param timeoutMs milliseconds; `Infinity` for none */
export function deadline(operation: string, timeoutMs: number, signal?: AbortSignal): Deadline {
  const controller = new AbortController()
  const timer =
    timeoutMs === Infinity
      ? undefined
      : setTimeout(() => controller.abort(new TimeoutError(operation, timeoutMs)), timeoutMs)
  const forward = () => controller.abort(signal?.reason)
  if (signal?.aborted === true) forward()
  else signal?.addEventListener('abort', forward, { once: true })
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', forward)
    },
  }
}
