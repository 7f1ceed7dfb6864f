// A time limit as an AbortSignal, joined with the caller's own.

import { TimeoutError } from './errors.js'
import { parse } from '../schema/parse.js'
import { milliseconds } from '../schema/size.js'
import { onAbort } from '../on-abort.js'

/**
 * The time that a caller gave, or else the default, which needs no check: that would take as long as all
 * else that is done here before a start.
 *
 * @param what names the value in messages: `stop.timeout`
 * @throws InvalidArgumentError
 */
export function timeoutOf(given: number | undefined, otherwise: number, what: string): number {
  return given === undefined ? otherwise : parse(milliseconds, given, what)
}

/** Disposed of when the operation is over, so that no timer outlives it. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal
}

const disposed = () => {}

/** As {@link deadline}, and nothing where there is neither a limit nor a signal. */
export function optionalDeadline(
  operation: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Partial<Deadline> & Disposable {
  if (timeoutMs === Infinity && signal === undefined) return { [Symbol.dispose]: disposed }
  return deadline(operation, timeoutMs, signal)
}

/**
 * @param timeoutMs milliseconds; `Infinity` for none
 * @param signals whichever comes first
 */
export function deadline(
  operation: string,
  timeoutMs: number,
  ...signals: (AbortSignal | undefined)[]
): Deadline {
  const controller = new AbortController()
  const timer =
    timeoutMs === Infinity
      ? undefined
      : setTimeout(() => controller.abort(new TimeoutError(operation, timeoutMs)), timeoutMs)
  const forget = signals.map((signal) => {
    if (signal?.aborted === true) controller.abort(signal.reason)
    return onAbort(signal, () => controller.abort(signal?.reason))
  })
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      for (const one of forget) one()
    },
  }
}
