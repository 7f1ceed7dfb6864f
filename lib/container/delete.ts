// Deletes a container, and looks afterwards whether really nothing is left of it.

import { rm, stat } from 'node:fs/promises'
import { BusyError, NotFoundError } from '../host/errors.js'
import type { Pool } from '../pool/pool.js'
import { poolError } from '../pool/write-file.js'
import { forgetExit } from './last-exit.js'
import { removeLxcFile } from './lxc-file.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import type { ContainerRecord } from './record.js'
import type { User } from '../user/user.js'
import { stopLocked } from './stop.js'
import { done } from '../step.js'

/** It cannot be given up once it has begun; with `force`, once it has stopped. */
export interface DeleteOptions extends OperationOptions {
  /** Kills it if it runs. */
  readonly force?: boolean | undefined
}

/** What was looked for after a deletion. Nothing was found when `leftovers` is empty. */
export interface DeleteReceipt {
  readonly id: string
  readonly leftovers: readonly string[]
}

export async function deleteContainer(
  record: ContainerRecord,
  options: DeleteOptions = {},
): Promise<DeleteReceipt> {
  const { force = false } = options
  using op = await record.begin('delete', options, ['force'])
  const { pool, id, host, user } = record
  if (force) await stopLocked(op, record, 0, 'kill')
  record.assertStopped('delete')
  const settings = await record.lockSettings(op)
  op.goOn()
  try {
    // The mark first: if we are cut off, the next import goes on from here.
    record.config = await record.file.update({ state: 'staged' })
    done('delete.marked')
    await pool.driver.remove(id)
    done('delete.rootfs')
    await Promise.all([record.cgroupDir().remove(), removeTraces(pool, id)])
    done('delete.traces')
    await record.file.remove()
    done('delete.file')
  } catch (error) {
    throw poolError(error, pool.driver.path(id))
  }
  record.end(() => new NotFoundError('container', id, 'it was deleted'))
  pool.containers.delete(id)
  settings[Symbol.dispose]()
  const last = user.show().containers.length === 0
  if (last) await host.cgroups.dir(record.userCgroup).remove()
  done('delete.cgroups')
  if (last && !user.standalone) await dropUser(op, pool, user)
  done('delete.user')
  host.emit({ type: 'deleted', pool: pool.name, id })
  return Object.freeze({ id, leftovers: await leftoversOf(record) })
}

// Somebody may be making another container for it; then it is not the last one.
async function dropUser(op: Operation, pool: Pool, user: User): Promise<void> {
  try {
    using _user = await op.lock([pool.claim('user', user.name)])
    await user.deleteIn(op)
  } catch (error) {
    if (!(error instanceof BusyError)) throw error
  }
}

/** What a container has beside its rootfs, its file and its cgroups. */
export async function removeTraces(pool: Pool, id: string): Promise<void> {
  await Promise.all([
    removeLxcFile(pool, id),
    forgetExit(pool, id),
    ...logFiles(pool, id).map((path) => rm(path, { force: true })),
  ])
}

export function logFiles(pool: Pool, id: string): string[] {
  const paths = [pool.layout.log(id), pool.layout.consoleLog(id)]
  return paths.flatMap((path) => [path, `${path}.1`])
}

async function leftoversOf(record: ContainerRecord): Promise<string[]> {
  const { pool, id, host } = record
  const cgroups = await record.cgroupDir().exists()
  const keeper = await host.keeper()
  const rootfs = host.paths.rootfs(pool.name, id)
  const mounts = (await keeper.mounts()).filter((path) => path === rootfs)
  const paths = [pool.driver.path(id), record.file.path, ...logFiles(pool, id)]
  const files = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => [`file ${path}`],
        () => [],
      ),
    ),
  )
  const cgroup = (mountpoint: string) => `cgroup ${mountpoint}/${record.cgroup}`
  return [...cgroups.map(cgroup), ...mounts.map((path) => `mount ${path}`), ...files.flat()]
}
