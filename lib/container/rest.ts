// Brings a container to rest while it is copied, and has it go on. A note tells the next process of one that was
// cut off meanwhile. It is run state: a boot takes it away with all that ran, and what runs then is not for a copy
// to say.

import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { StateError } from '../host/errors.js'
import type { Operation } from '../host/operation.js'
import { writeRunFile } from '../host/run-file.js'
import { done } from '../step.js'
import type { Rest } from '../storage/copy.js'
import { freezeLocked, thawLocked } from './freeze.js'
import type { ContainerRecord } from './record.js'
import { restartContainer } from './reboot.js'
import { startLocked } from './start.js'
import { stopLocked } from './stop.js'

/** Milliseconds that init has to shut down and, afterwards, to run again. */
const SHUTDOWN_MS = 60_000
const START_MS = 60_000

/** What has it go on. */
type Resume = 'start' | 'thaw'

/** Null for one that changes nothing: it does not run, or is frozen. */
export function restOf(op: Operation, record: ContainerRecord, consistent: boolean): Rest | null {
  const { run, name } = record
  if (!run.alive || run.state === 'frozen') return null
  if (run.state !== 'running') {
    throw new StateError(name, run.state, 'copy needs it running, frozen or stopped')
  }
  // It is not started again as what it was.
  if (consistent) record.programRun.assertAbsent('copy')
  const { conflict } = record.user
  if (consistent && conflict !== null) {
    throw new StateError(name, 'blocked', `once stopped, it cannot be started: ${conflict}`)
  }
  let rootfs: Disposable | null = null
  let resting = false
  const goOn = async (work: () => Promise<unknown>): Promise<void> => {
    if (!resting) return
    resting = false
    rootfs?.[Symbol.dispose]()
    op.goOn()
    await work()
    // From here on it is up to its owner again, and to itself.
    await forgetRest(record)
  }
  if (consistent) {
    return {
      how: 'stopped',
      begin: async () => {
        await note(record, 'start')
        const { signal } = op
        // Given up, it would end all the same, and nobody would start it.
        op.goOn()
        resting = true
        const { rung } = await stopLocked(op, record, SHUTDOWN_MS, 'shutdown_or_kill')
        if (rung === 'none') {
          // By itself, and so it stays.
          resting = false
          await forgetRest(record)
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
      await note(record, 'thaw')
      resting = true
      await freezeLocked(op, record)
      done('copy.rest')
    },
    end: () => goOn(async () => (run.alive ? thawLocked(record) : undefined)),
  }
}

/** Has one go on whose copy was cut off. Once: what that fails for is told to its owner. */
export async function goOnAfterRest(op: Operation, record: ContainerRecord): Promise<void> {
  const resume = await noted(record)
  await forgetRest(record)
  const { run } = record
  if (resume === 'thaw' && run.state === 'frozen') await thawLocked(record)
  if (resume !== 'start') return
  if (run.state === 'stopped') await startLocked(op, record, START_MS)
  // Its init may have been told to shut down, and would end later, when nobody starts it any more.
  else if (run.alive) void restart(record)
}

/** Not waited for: an init has its time. */
async function restart(record: ContainerRecord): Promise<void> {
  try {
    await restartContainer(record, { timeout: SHUTDOWN_MS, wait: Infinity, label: 'copy' })
  } catch (error) {
    if (record.gone.signal.aborted) return
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`${record.name} does not go on after its copy: ${reason}`, {
      code: 'VPSADMINOS_UNFINISHED',
    })
  }
}

function pathOf({ host, pool, id }: ContainerRecord): string {
  return join(host.paths.container(pool.name, id), 'rest')
}

async function note(record: ContainerRecord, resume: Resume): Promise<void> {
  await writeRunFile(pathOf(record), resume)
}

/** It is over, whatever has become of it. */
export async function forgetRest(record: ContainerRecord): Promise<void> {
  await rm(pathOf(record), { force: true })
}

async function noted(record: ContainerRecord): Promise<string> {
  return await readFile(pathOf(record), 'utf8').catch(() => '')
}
