// Deletes a container, and looks afterwards whether really nothing is left of it.

import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { NotFoundError, PoolFullError } from '../host/errors.js'
import type { Pool } from '../pool/pool.js'
import { poolError } from '../pool/write-file.js'
import { belongingsOf, stillThere, type Belonging } from './belongings.js'
import { forgetExit } from './last-exit.js'
import { leaveUser } from './leave-user.js'
import { logFiles } from './log-files.js'
import { removeLxcFile } from './lxc-file.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import { objectOf } from '../schema/parse.js'
import type { ContainerFile } from '../schema/container.js'
import type { ContainerRecord } from './record.js'
import { forgetRest } from './rest-note.js'
import { stopLocked } from './stop.js'
import { done } from '../step.js'
import { bootHome } from '../storage/boot-home.js'

/** It cannot be given up once it has begun; with `force`, once it has stopped. */
export interface DeleteOptions extends OperationOptions {
  /** Kills it if it runs. */
  readonly force?: boolean | undefined
}

/** What became of all that the host had for a container. */
export interface DeleteReceipt {
  readonly id: string
  /** What there was when the deletion began, and is no more. */
  readonly gone: readonly Belonging[]
  /** What is there still, or again. */
  readonly leftovers: readonly Belonging[]
}

export async function deleteContainer(
  record: ContainerRecord,
  options: DeleteOptions = {},
): Promise<DeleteReceipt> {
  const { force = false } = objectOf(options, 'delete')
  using op = await record.begin('delete', options, ['force'])
  const before = await belongingsOf(record)
  if (force) await stopLocked(op, record, 0, 'kill')
  return await deleteLocked(op, record, before)
}

/**
 * For who has the lock already, or that of its pool.
 *
 * @param before what there was of it, where it was looked at
 */
export async function deleteLocked(
  op: Operation,
  record: ContainerRecord,
  before?: readonly Belonging[],
): Promise<DeleteReceipt> {
  const { pool, id, host } = record
  const there = before ?? (await belongingsOf(record))
  record.assertStopped('delete')
  {
    using _settings = await record.lockSettings(op)
    // Files that are being written go first, or they would have nowhere to go.
    using _rootfs = await record.lockRootfs(op)
    op.goOn()
    try {
      await mark(record)
      done('delete.marked')
      await removeHome(pool, record.home, record.config)
      done('delete.rootfs')
      const cgroup = record.cgroupDir().remove()
      await Promise.all([cgroup, removeTraces(pool, id)])
      done('delete.traces')
      await record.file.remove()
      done('delete.file')
    } catch (error) {
      throw poolError(error, record.home)
    }
    record.end(() => new NotFoundError('container', id, 'it was deleted'))
    pool.containers.delete(id)
  }
  try {
    await leaveUser(op, pool, record)
  } finally {
    // Whatever has become of what it leaves to others.
    host.emit({ type: 'deleted', pool: pool.name, id })
  }
  return await receipt(record, there)
}

/** If we are cut off, the next import goes on from here. */
async function mark(record: ContainerRecord): Promise<void> {
  try {
    record.config = await record.file.update({ state: 'staged' })
  } catch (error) {
    // To delete is how a full pool gets room. Cut off without a mark, it is to be deleted once more.
    if (!(error instanceof PoolFullError)) throw error
  }
}

// The kernel removes a veth with the network namespace of its other end, which it does in a thread of its own
// some time after the last process of it, network_namespaces(7).
const LINK_MS = 2000
const LOOK_MS = 5

async function receipt(
  record: ContainerRecord,
  before: readonly Belonging[],
): Promise<DeleteReceipt> {
  const { pool, id, user } = record
  const links = before.filter(({ type }) => type === 'interface')
  const end = performance.now() + LINK_MS
  while ((await stillThere(links)).length > 0 && performance.now() < end) await sleep(LOOK_MS)
  // Its init is known to nobody any more.
  const processes = before.filter(({ type }) => type === 'process')
  const [running, now] = await Promise.all([stillThere(processes), belongingsOf(record)])
  const leftovers = [...running, ...now]
  const whats = new Set(leftovers.map(({ what }) => what))
  const gone = before.filter(({ what }) => !whats.has(what))
  if (!pool.users.has(user.name)) gone.push({ type: 'user', what: user.name })
  return Object.freeze({ id, gone: Object.freeze(gone), leftovers: Object.freeze(leftovers) })
}

/** Its rootfs, one that was to take its place, and one of a run from an image. */
export async function removeHome(
  { driver }: Pool,
  home: string,
  { vpsadminos }: ContainerFile,
): Promise<void> {
  if (vpsadminos.reinstalling !== undefined) await driver.replacement.discard(home)
  if (vpsadminos.booted !== undefined) await driver.remove(bootHome(home))
  await driver.remove(home)
}

/** What a container has beside its rootfs, its file and its cgroups. */
export async function removeTraces(pool: Pool, id: string): Promise<void> {
  await Promise.all([
    removeLxcFile(pool, id),
    forgetExit(pool, id),
    forgetRest(pool, id),
    pool.autostart.forget(id),
    ...logFiles(pool, id).map((path) => rm(path, { force: true })),
  ])
}
