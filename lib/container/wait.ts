// Waits until a container is in a state.

import { ContainerEndedError, InvalidArgumentError } from '../host/errors.js'
import { onlyKeys } from '../schema/parse.js'
import { deadline, timeoutOf } from '../host/deadline.js'
import { announcesReadiness } from './init.js'
import type { ContainerRecord } from './record.js'
import type { ContainerState } from './state.js'

export interface WaitOptions {
  /** Milliseconds; default: for ever. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface WaitResult {
  readonly state: ContainerState
  /** For `ready`: whether the guest's init said so, or running is all that it can tell. */
  readonly by: 'init' | 'running' | null
  /** What init said, such as `Startup finished in 1.2s.` */
  readonly status: string | null
}

/** A state, or `ready`: running, and its init says that the system is up, if it is one that says so. */
export type WaitTarget = ContainerState | 'ready'

const targets: readonly string[] = [
  'staged',
  'stopped',
  'starting',
  'running',
  'freezing',
  'frozen',
  'stopping',
  'aborting',
  'error',
  'ready',
] satisfies WaitTarget[]

/**
 * @throws InvalidArgumentError for a state that there is not
 * @throws ContainerEndedError when it is waited for `ready` and the container is not, or no more,
 *   running
 * @throws NotFoundError when it was, or is meanwhile, deleted
 * @throws TimeoutError
 */
export async function waitFor(
  record: ContainerRecord,
  target: WaitTarget,
  options: WaitOptions = {},
): Promise<WaitResult> {
  onlyKeys(options, ['timeout', 'signal'], 'wait')
  const { timeout, signal } = options
  if (!targets.includes(target)) {
    throw new InvalidArgumentError('wait.target', `must be one of ${targets.join(', ')}`)
  }
  const timeoutMs = timeoutOf(timeout, Infinity, 'wait.timeout')
  signal?.throwIfAborted()
  using limit = deadline(`wait of ${record.name} for ${target}`, timeoutMs, signal)
  const { run } = record
  const done = (by: WaitResult['by'] = null, status: string | null = null) =>
    Object.freeze({ state: run.state, by, status })
  return await run.until(() => {
    if (target !== 'ready') return run.state === target ? done() : undefined
    if (!run.alive) throw new ContainerEndedError(record.id, target, run.state)
    // Neither while it starts, nor while it is frozen or told to stop: that may come to nothing.
    if (run.state !== 'running') return undefined
    if (run.ready !== null) return done('init', run.ready.status)
    return announcesReadiness(record.init) ? undefined : done('running')
  }, limit.signal)
}
