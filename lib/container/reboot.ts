// Restarts a container: from outside as a stop and a start, or by telling its init to reboot.

import { ClosedError } from '../errors.js'
import { ContainerEndedError, StateError } from '../host/errors.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import { deadline, timeoutOf } from '../host/deadline.js'
import { objectOf } from '../schema/parse.js'
import { orderInit } from './init-signal.js'
import { signalsOf } from './init.js'
import { assertForLxc } from './lxc-file.js'
import type { ContainerRecord } from './record.js'
import { forgetRest, noteRest } from './rest-note.js'
import { startLocked, type StartResult } from './start.js'
import {
  prepareRunit,
  stopArguments,
  stopLocked,
  type StopOptions,
  type StopResult,
} from './stop.js'

/** Given up, nobody waits any more; what init has begun goes on. */
export interface RebootOptions extends OperationOptions {
  /** Milliseconds until the next init must run; default 60,000. */
  readonly timeout?: number | undefined
}

export interface RestartOptions extends StopOptions {
  /** Milliseconds until the next init must run, once it has stopped; default 60,000. */
  readonly startTimeout?: number | undefined
}

export interface RestartResult {
  readonly stop: StopResult
  readonly start: StartResult
}

const DEFAULT_TIMEOUT_MS = 60_000

export async function restartContainer(
  record: ContainerRecord,
  options: RestartOptions = {},
): Promise<RestartResult> {
  const { timeout, method } = stopArguments(options, 'restart')
  const startMs = timeoutOf(options.startTimeout, DEFAULT_TIMEOUT_MS, 'restart.startTimeout')
  using op = await record.begin('restart', options, ['timeout', 'method', 'startTimeout'])
  await assertCanStartAgain(op, record)
  const { initPid } = record.run
  // Half a restart would be a stop: the next process goes on with one that is cut off.
  if (initPid !== null) await noteRest(record, { resume: 'start', initPid, method, timeout })
  try {
    const stop = await stopLocked(op, record, timeout, method)
    op.goOn()
    const start = await startLocked(op, record, startMs)
    await forgetRest(record.pool, record.id)
    return Object.freeze({ stop, start })
  } catch (error) {
    // A host that is closed meanwhile, or a daemon that ends, cuts it off, too.
    const isCutOff = error instanceof ClosedError || record.gone.signal.aborted
    if (!isCutOff) await forgetRest(record.pool, record.id)
    throw error
  }
}

/** What would keep it from being started once it is stopped. @throws StateError, ConfigBrokenError */
async function assertCanStartAgain(op: Operation, record: ContainerRecord): Promise<void> {
  record.pool.assertStarting()
  await record.assertNotBlocked(op)
  assertForLxc(record)
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
  objectOf(options, 'reboot')
  const timeoutMs = timeoutOf(options.timeout, DEFAULT_TIMEOUT_MS, 'reboot.timeout')
  using op = await record.begin('reboot', options, ['timeout'])
  const { run } = record
  record.pool.assertStarting()
  if (run.state !== 'running')
    throw new StateError(record.name, run.state, 'reboot needs it running')
  record.programRun.assertAbsent('reboot')
  using limit = deadline(`reboot of ${record.name}`, timeoutMs, op.signal)
  const { init } = record
  const before = run.runs
  if (init === 'runit') await prepareRunit(op, record, 'reboot')
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
