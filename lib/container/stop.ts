// Stops a container by a ladder: its init is asked, then, if it does not obey, all is killed. The
// answer says which rung it took.

import { Buffer } from 'node:buffer'
import { abandon } from '../abandon.js'
import {
  ContainerStopError,
  InvalidArgumentError,
  StateError,
  TimeoutError,
} from '../host/errors.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import { deadline, timeoutOf } from '../host/deadline.js'
import { objectOf } from '../schema/parse.js'
import { orderInit } from './init-signal.js'
import { signalsOf } from './init.js'
import type { ContainerRecord } from './record.js'
import { done } from '../step.js'

/**
 * `shutdown_or_kill` asks and then kills, `shutdown_or_fail` only asks, `kill` does not ask.
 */
export type StopMethod = (typeof STOP_METHODS)[number]

export const STOP_METHODS = ['shutdown_or_kill', 'shutdown_or_fail', 'kill'] as const

/** Given up, nobody waits any more, and nothing more is done to it; what init has begun goes on. */
export interface StopOptions extends OperationOptions {
  /** Milliseconds that init has to shut down; default 60,000. */
  readonly timeout?: number | undefined
  /** Default `shutdown_or_kill`. */
  readonly method?: StopMethod | undefined
}

export interface StopResult {
  /** Which rung of the ladder ended it; `none` when it was not running. */
  readonly rung: 'none' | 'shutdown' | 'kill'
  /** Milliseconds. */
  readonly tookMs: number
}

const DEFAULT_TIMEOUT_MS = 60_000

/** After SIGKILL only the kernel can be slow. */
const KILL_TIMEOUT_MS = 30_000
const KILL_AGAIN_MS = 250
/** What had its mounts on a zpool that is suspended goes with the last of them only. */
const SUSPENDED_MS = 2000

export async function stopContainer(
  record: ContainerRecord,
  options: StopOptions = {},
): Promise<StopResult> {
  const { timeout, method } = stopArguments(options, 'stop')
  const result = await stopAlone(record, options, timeout, method).finally(() =>
    // One that lasts for a run is deleted by another operation, after this one.
    record.ephemeral.settled(),
  )
  await record.ephemeral.deleted()
  return result
}

async function stopAlone(
  record: ContainerRecord,
  options: StopOptions,
  timeout: number,
  method: StopMethod,
): Promise<StopResult> {
  using op = await record.begin('stop', options, ['timeout', 'method'])
  const result = await stopLocked(op, record, timeout, method)
  await record.imageRun.removed()
  return result
}

/** @param what names the operation in messages */
export function stopArguments(
  options: StopOptions,
  what: string,
): { timeout: number; method: StopMethod } {
  objectOf(options, what)
  const timeout = timeoutOf(options.timeout, DEFAULT_TIMEOUT_MS, `${what}.timeout`)
  const method = options.method ?? 'shutdown_or_kill'
  if (!STOP_METHODS.includes(method)) {
    throw new InvalidArgumentError(`${what}.method`, `must be one of ${STOP_METHODS.join(', ')}`)
  }
  return { timeout, method }
}

/** For who has the lock already. */
export async function stopLocked(
  op: Operation,
  record: ContainerRecord,
  timeoutMs: number,
  method: StopMethod,
): Promise<StopResult> {
  const begin = performance.now()
  const { run } = record
  const result = (rung: StopResult['rung']): StopResult =>
    Object.freeze({ rung, tookMs: Math.round(performance.now() - begin) })
  if (!run.alive) return result('none')
  // A frozen init sees no signal but SIGKILL.
  const deaf = run.state === 'frozen' || run.state === 'freezing'
  if (deaf && method === 'shutdown_or_fail') {
    throw new StateError(record.name, run.state, 'it cannot shut down before it is thawed')
  }
  if (method !== 'kill' && !deaf) {
    if (await shutdown(op, record, timeoutMs)) {
      await record.imageRun.settled()
      return result('shutdown')
    }
    if (method === 'shutdown_or_fail') throw new ContainerStopError(record.id, timeoutMs)
  }
  await killContainer(record, op.signal)
  return result('kill')
}

/** False when init did not end in time. */
async function shutdown(
  op: Operation,
  record: ContainerRecord,
  timeoutMs: number,
): Promise<boolean> {
  using limit = deadline(`shutdown of ${record.name}`, timeoutMs, op.signal)
  const { init } = record
  try {
    // Writes to its disk, which may not answer.
    if (init === 'runit') await abandon(prepareRunit(op, record, 'halt'), limit.signal)
    const { number } = signalsOf(init).halt
    await orderInit(record, number, limit.signal, 'stopping')
    await stopped(record, limit.signal)
    done('stop.ended')
    return true
  } catch (error) {
    // Perhaps it obeys later, perhaps never: as far as we know it runs.
    record.run.set('running')
    if (error instanceof TimeoutError && limit.signal.reason === error) return false
    throw error
  }
}

/**
 * SIGKILL to everything in it, and waits until it is gone.
 *
 * @throws PoolSuspendedError when that has to wait for its zpool: it ends with that
 */
export async function killContainer(
  record: ContainerRecord,
  signal: AbortSignal | undefined,
): Promise<void> {
  using limit = deadline(`kill of ${record.name}`, KILL_TIMEOUT_MS, signal)
  const { run, pool } = record
  const begin = performance.now()
  // Again and again: while it starts, more processes may come after those that were killed.
  while (run.alive) {
    const killing = record.cgroupDir().kill({ timeoutMs: KILL_TIMEOUT_MS })
    await abandon(killing, limit.signal).catch((error: unknown) => {
      // Given up when it had gone: as below.
      if (run.alive) throw error
    })
    using again = deadline('', KILL_AGAIN_MS, limit.signal)
    await stopped(record, again.signal).catch(() => {
      // Given up when it had gone: that is what was asked for.
      if (!run.alive) return
      limit.signal.throwIfAborted()
      record.assertPresent()
      if (performance.now() - begin > SUSPENDED_MS) pool.driver.assertWorking()
    })
  }
  await record.imageRun.settled()
}

function stopped({ run }: ContainerRecord, signal: AbortSignal): Promise<true> {
  return run.until(() => (run.alive ? undefined : true), signal)
}

/** runit decides by the modes of two files what its signal means. */
export async function prepareRunit(
  op: Operation,
  record: ContainerRecord,
  order: 'halt' | 'reboot',
): Promise<void> {
  const keeper = await record.host.keeper()
  const write = (name: string, mode: number) =>
    ({ op: 'write', path: `/etc/runit/${name}`, data: Buffer.alloc(0), mode }) as const
  await record.withFiles(op, (where) =>
    keeper.edit(where, [write('stopit', 0o100), write('reboot', order === 'reboot' ? 0o100 : 0)]),
  )
}
