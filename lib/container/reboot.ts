// Restarts a container: from outside as a stop and a start, or by telling its init to reboot.

import { ContainerEndedError, StateError } from '../host/errors.js'
import { onlyKeys } from '../schema/parse.js'
import { deadline, timeoutOf } from '../host/deadline.js'
import { orderInit } from './init-signal.js'
import { signalsOf } from './init.js'
import type { ContainerRecord } from './record.js'
import { startLocked, type StartResult } from './start.js'
import { prepareRunit, stopLocked, type StopOptions, type StopResult } from './stop.js'

export interface RebootOptions {
  /** Milliseconds until the next init must run; default 60,000. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RestartResult {
  readonly stop: StopResult
  readonly start: StartResult
}

const DEFAULT_TIMEOUT_MS = 60_000

export async function restartContainer(
  record: ContainerRecord,
  options: StopOptions = {},
): Promise<RestartResult> {
  onlyKeys(options, ['timeout', 'method', 'signal'], 'restart')
  const { timeout, method = 'shutdown_or_kill', signal } = options
  const timeoutMs = timeoutOf(timeout, DEFAULT_TIMEOUT_MS, 'restart.timeout')
  using _lock = record.lock('restart')
  const stop = await stopLocked(record, timeoutMs, method, signal)
  const start = await startLocked(record, DEFAULT_TIMEOUT_MS, signal)
  return Object.freeze({ stop, start })
}

/**
 * Resolves when the next init runs.
 *
 * @throws ContainerEndedError when it stops instead
 */
export async function rebootContainer(
  record: ContainerRecord,
  options: RebootOptions = {},
): Promise<void> {
  onlyKeys(options, ['timeout', 'signal'], 'reboot')
  const { timeout, signal } = options
  const timeoutMs = timeoutOf(timeout, DEFAULT_TIMEOUT_MS, 'reboot.timeout')
  using _lock = record.lock('reboot')
  const { run } = record
  if (run.state !== 'running')
    throw new StateError(record.name, run.state, 'reboot needs it running')
  using limit = deadline(`reboot of ${record.name}`, timeoutMs, signal)
  const { init } = record
  const before = run.runs
  if (init === 'runit') await prepareRunit(record, 'reboot')
  await orderInit(record, signalsOf(init).reboot.number, limit.signal)
  await run.until(() => {
    if (run.runs > before && run.state === 'running') return true
    // Between its end and its next beginning it is not stopped, unless that fails.
    if (!run.alive) {
      throw new ContainerEndedError(record.id, 'running', run.state)
    }
    return undefined
  }, limit.signal)
}
