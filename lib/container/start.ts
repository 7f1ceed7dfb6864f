// Starts a container: configuration, cgroups of its groups, then the keeper does the rest.

import { ContainerStartError, StateError, TimeoutError } from '../host/errors.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import { ownTurn } from '../host/own-turn.js'
import { forgetUnapplied, isUnapplied } from '../host/unapplied.js'
import { KeeperError } from '../keeper/errors.js'
import { Pidfd } from '../ns/pidfd.js'
import { deadline, timeoutOf } from '../host/deadline.js'
import { detectInit, treeOf } from './init-detect.js'
import { applyLimits } from './limits.js'
import { assertForLxc, writeImageRunFiles, writeLxcFile, writeProgramRunFiles } from './lxc-file.js'
import { tellNextRun } from './next-run.js'
import { objectOf } from '../schema/parse.js'
import type { ClampedPrlimit } from './prlimit-clamp.js'
import type { ContainerRecord } from './record.js'
import { DEFAULT_TIMEOUT_MS, presentPlan } from './start-plan.js'
import { done } from '../step.js'
import { isDelegatedTo, zfsDevice } from './zfs-device.js'

/** Given up, it is stopped again; from when its init runs it cannot be given up. */
export interface StartOptions extends OperationOptions {
  /** Milliseconds until init must run; default 60,000. */
  readonly timeout?: number | undefined
}

export interface StartResult {
  /** As the host sees it. */
  readonly initPid: number
  /** Milliseconds by step. */
  readonly timings: Readonly<Record<string, number>>
  /** Limits of processes that this host cannot give, and what was given instead. */
  readonly clamped: readonly ClampedPrlimit[]
}

const SETTLE_MS = 5000

export async function startContainer(
  record: ContainerRecord,
  options: StartOptions = {},
): Promise<StartResult> {
  objectOf(options, 'start')
  const timeoutMs = timeoutOf(options.timeout, DEFAULT_TIMEOUT_MS, 'start.timeout')
  using op = await record.begin('start', options, ['timeout'])
  return await startLocked(op, record, timeoutMs)
}

/** For who has the lock already. */
export async function startLocked(
  op: Operation,
  record: ContainerRecord,
  timeoutMs: number,
): Promise<StartResult> {
  await assertStartable(op, record, 'start')
  return await launch(op, record, timeoutMs)
}

/** Nothing was made for it yet. @throws StateError, LibraryMissingError */
export async function assertStartable(
  op: Operation,
  record: ContainerRecord,
  what: string,
): Promise<void> {
  const { pool, run, programRun } = record
  pool.assertStarting()
  programRun.assertAbsent(what)
  if (run.state !== 'stopped')
    throw new StateError(record.name, run.state, `${what} needs it stopped`)
  await record.assertNotBlocked(op)
  // One that has ended for it is not over.
  record.ephemeral.spare()
  // What could not be removed after a run from an image.
  await record.imageRun.finish()
  record.assertWhole(what)
  if (isDelegatedTo(record.config)) zfsDevice()
  await ownTurn()
  // Before anything is made for it.
  const keeper = await record.host.keeper()
  await keeper.assertLiblxc()
  await record.knowInit(() => record.withFiles(op, (target) => detectInit(treeOf(keeper, target))))
}

/** With its own root, or that of an image, where there is one. */
export async function launch(
  op: Operation,
  record: ContainerRecord,
  timeoutMs: number,
): Promise<StartResult> {
  try {
    await record.ephemeral.mark(op)
    return await begin(op, record, timeoutMs)
  } catch (error) {
    // Where that fails, too, the next import does it.
    await record.ephemeral.unmark(op).catch(() => undefined)
    throw error
  } finally {
    record.beginning = false
  }
}

async function begin(
  op: Operation,
  record: ContainerRecord,
  timeoutMs: number,
): Promise<StartResult> {
  const { run, config: rendered } = record
  const [keeper, clamped] = await Promise.all([
    record.host.keeper(),
    writeLocked(op, record),
    record.group.ensureCgroup(),
  ])
  done('start.prepared', op.signal)
  const { runs } = run
  const started = await record
    .withoutFiles(op, () =>
      keeper.start(
        presentPlan(record, timeoutMs),
        op.signal === undefined ? {} : { signal: op.signal },
      ),
    )
    .catch(async (error: unknown) => {
      await settled(record).catch(() => undefined)
      throw startError(record, error, timeoutMs)
    })
  op.goOn()
  // Events may have told of it before, and of its end as well: then it does not run any more.
  if (run.runs === runs) run.started(started.initPid)
  done('start.running')
  // What set() changed while liblxc had read the file already.
  if (record.config !== rendered) {
    await applyLimits(record)
    using _settings = await record.lockSettings(op)
    record.beginning = false
    await tellNextRun(record)
    await record.pending.note(record.pendingNote, started.initPid, record.config)
  }
  return Object.freeze({
    initPid: started.initPid,
    timings: Object.freeze(
      Object.fromEntries(Object.entries(started.timings).map(([step, us]) => [step, us / 1000])),
    ),
    clamped,
  })
}

async function writeLocked(
  op: Operation,
  record: ContainerRecord,
): Promise<readonly ClampedPrlimit[]> {
  using _settings = await record.lockSettings(op)
  // A run begins with what is in the file.
  if (isUnapplied(record.unappliedNote)) await forgetUnapplied(record.unappliedNote)
  record.beginning = true
  record.pending.begin(record.config)
  if (record.imageRun.present) writeImageRunFiles(record)
  if (record.programRun.present) writeProgramRunFiles(record)
  const clamped = writeLxcFile(record)
  assertForLxc(record)
  return clamped
}

/**
 * The keeper may answer before it has cleared away what a failed start left, and then says `stopped`.
 * Of one that it refused it says nothing more.
 */
async function settled(record: ContainerRecord): Promise<void> {
  const { run, name, pool, id, host } = record
  using limit = deadline(`end of ${name}`, SETTLE_MS)
  const keeper = await host.keeper()
  const found = await keeper.lookup(pool.name, id)
  if (found === null) return record.lost()
  if (found.pidfd !== null) await Pidfd.adopt(found.pidfd).close()
  await run.until(() => (run.alive ? undefined : true), limit.signal).catch(() => undefined)
}

function startError(record: ContainerRecord, error: unknown, timeoutMs: number): unknown {
  if (!(error instanceof KeeperError)) return error
  if (error.code === 'ERR_TIMEOUT') return new TimeoutError(`start of ${record.name}`, timeoutMs)
  if (error.code === 'ERR_CONTAINER_RUNNING') {
    return new StateError(record.name, 'running', 'start needs it stopped')
  }
  const log = error.detail.split('\n').filter((line) => line.trim() !== '')
  return new ContainerStartError(record.id, log, { cause: error })
}
