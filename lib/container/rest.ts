// Brings a container to rest while it is copied, and has it go on: also one that a process was cut off from.

import { StateError } from '../host/errors.js'
import type { Operation } from '../host/operation.js'
import { done } from '../step.js'
import type { Rest } from '../storage/copy.js'
import { freezeLocked, thawLocked } from './freeze.js'
import type { ContainerRecord } from './record.js'
import { forgetRest, notedRest, noteRest, type RestNote } from './rest-note.js'
import { restartContainer } from './reboot.js'
import { startLocked } from './start.js'
import { stopLocked } from './stop.js'

/** Milliseconds that init has to shut down and, afterwards, to run again. */
const SHUTDOWN_MS = 60_000
const START_MS = 60_000
const METHOD = 'shutdown_or_kill'

/** Null for one that changes nothing: it does not run, or is frozen. */
export async function restOf(
  op: Operation,
  record: ContainerRecord,
  consistent: boolean,
): Promise<Rest | null> {
  const { run, name } = record
  if (!run.alive || run.state === 'frozen') return null
  if (run.state !== 'running') {
    throw new StateError(name, run.state, 'copy needs it running, frozen or stopped')
  }
  // It is not started again as what it was.
  if (consistent) record.programRun.assertAbsent('copy')
  // Once stopped, it could not be started.
  if (consistent) await record.assertNotBlocked(op)
  const initPid = run.initPid ?? 0
  let rootfs: Disposable | null = null
  let resting = false
  const goOn = async (work: () => Promise<unknown>): Promise<void> => {
    if (!resting) return
    resting = false
    rootfs?.[Symbol.dispose]()
    op.goOn()
    await work()
    // From here on it is up to its owner again, and to itself.
    await forgetRest(record.pool, record.id)
  }
  if (consistent) {
    return {
      how: 'stopped',
      begin: async () => {
        await noteRest(record, { resume: 'start', initPid, method: METHOD })
        const { signal } = op
        // Given up, it would end all the same, and nobody would start it.
        op.goOn()
        resting = true
        const { rung } = await stopLocked(op, record, SHUTDOWN_MS, METHOD)
        if (rung === 'none') {
          // By itself, and so it stays.
          resting = false
          await forgetRest(record.pool, record.id)
        } else {
          rootfs = await record.lockRootfs(op)
        }
        done('copy.rest')
        signal?.throwIfAborted()
      },
      end: () => goOn(() => startLocked(op, record, START_MS)),
    }
  }
  return {
    how: 'frozen',
    begin: async () => {
      await noteRest(record, { resume: 'thaw', initPid, method: METHOD })
      resting = true
      await freezeLocked(op, record)
      done('copy.rest')
    },
    end: () => goOn(async () => (run.alive ? thawLocked(record, false) : undefined)),
  }
}

/**
 * Has one go on whose copy, or restart, was cut off. For who has its pool. Once: what that fails for is told to its owner.
 */
export async function goOnAfterRest(op: Operation, record: ContainerRecord): Promise<void> {
  const noted = await notedRest(record)
  await forgetRest(record.pool, record.id)
  if (noted === null) return
  const { run } = record
  if (noted.resume === 'thaw') {
    if (run.state === 'frozen') await thawLocked(record, false)
  } else if (run.state === 'stopped') {
    await startLocked(op, record, START_MS)
  } else if (run.initPid === noted.initPid) {
    // It may have been told to shut down, and would end later, when nobody starts it any more.
    void restart(record, noted)
  }
}

/** Not waited for: an init has its time. */
async function restart(record: ContainerRecord, { method, timeout }: RestNote): Promise<void> {
  const how = { method, timeout: timeout === null ? Infinity : timeout }
  try {
    await restartContainer(record, { ...how, wait: Infinity, label: 'cut off' })
  } catch (error) {
    if (record.gone.signal.aborted) return
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`${record.name} does not go on: ${reason}`, {
      code: 'VPSADMINOS_UNFINISHED',
    })
  }
}
