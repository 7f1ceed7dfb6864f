// Freezes and thaws all processes of a container. The monitor is not among them, so that lxc-info
// still answers.

import { setTimeout as sleep } from 'node:timers/promises'
import { abandon } from '../abandon.js'
import { SystemError } from '../errors.js'
import { StateError } from '../host/errors.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import { KeeperError } from '../keeper/errors.js'
import type { ContainerRecord } from './record.js'

const AGAIN_MS = 20

export async function freezeContainer(
  record: ContainerRecord,
  options: OperationOptions = {},
): Promise<void> {
  using op = await record.begin('freeze', options)
  await freezeLocked(op, record)
}

/** For who has the lock already. */
export async function freezeLocked(op: Operation, record: ContainerRecord): Promise<void> {
  const { run } = record
  if (run.state === 'frozen') return
  if (run.state !== 'running')
    throw new StateError(record.name, run.state, 'freeze needs it running')
  run.set('freezing')
  const freezing = record.cgroupDir().freeze()
  try {
    await unlessEnded(record, 'freeze', abandon(freezing, op.signal))
  } catch (error) {
    // Given up: processes that do not freeze are waited for in vain, and all of them go on.
    try {
      if (run.alive) await unlessEnded(record, 'freeze', takeBack(record, freezing))
    } finally {
      if (run.alive) run.set('running')
    }
    throw error
  }
  run.set('frozen')
  await tell(record, 'frozen')
  emit(record, true)
}

export async function thawContainer(
  record: ContainerRecord,
  options: OperationOptions = {},
): Promise<void> {
  using _op = await record.begin('thaw', options)
  await thawLocked(record)
}

/**
 * For who has the lock already.
 *
 * @param below false after a freeze of ours, before which the guest may have frozen a part of itself
 */
export async function thawLocked(record: ContainerRecord, below = true): Promise<void> {
  record.assertAlive('thaw')
  await unlessEnded(record, 'thaw', record.cgroupDir().thaw({ below }))
  if (record.run.alive) record.run.set('running')
  await tell(record, 'running')
  emit(record, false)
}

// It goes on where nobody waits for it any more, and may not even have begun.
async function takeBack(record: ContainerRecord, freezing: Promise<void>): Promise<void> {
  const settled = freezing.then(
    () => true,
    () => true,
  )
  const thaw = () => record.cgroupDir().thaw({ below: false })
  do await thaw()
  while (!(await Promise.race([settled, sleep(AGAIN_MS, false)])))
  await thaw()
}

// Its cgroup goes with it, a moment before anybody is told of its end.
async function unlessEnded(
  { name, run }: ContainerRecord,
  action: string,
  work: Promise<void>,
): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof SystemError) || !['ENOENT', 'ENODEV'].includes(error.code)) throw error
    const state = run.alive ? 'stopping' : run.state
    throw new StateError(name, state, `${action} needs it running`)
  }
}

// So that lxc-info says the same. A container that has ended has nobody to be told.
async function tell(
  { host, pool, id }: ContainerRecord,
  state: 'frozen' | 'running',
): Promise<void> {
  const keeper = await host.keeper()
  await keeper.tellState(pool.name, id, state).catch((error: unknown) => {
    if (!(error instanceof KeeperError) || error.code !== 'ENOENT') throw error
  })
}

function emit({ host, pool, id }: ContainerRecord, frozen: boolean): void {
  host.emit({ type: 'frozen', pool: pool.name, id, frozen })
}
