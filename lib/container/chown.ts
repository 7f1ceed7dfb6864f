// Gives a stopped container another user, whose ids it runs with from then on, or another group. Its files stay as
// they are: what is on the disk has the container's own ids.

import type { Group } from '../group/group.js'
import { InUseError, NotFoundError } from '../host/errors.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import { poolError } from '../pool/write-file.js'
import { groupPath, userName } from '../schema/names.js'
import { parse } from '../schema/parse.js'
import { Undo } from '../undo.js'
import type { User } from '../user/user.js'
import { done } from '../step.js'
import { leaveUser } from './leave-user.js'
import { placeForTools, removeLxcFile } from './lxc-file.js'
import type { ContainerRecord } from './record.js'
import { assertSameIds } from './same-ids.js'

/**
 * @param name of a user of its pool
 * @throws NotFoundError, StateError unless it is stopped; UnsupportedError where its delegated datasets have the ids
 *   of the user that it has
 */
export async function chownContainer(
  record: ContainerRecord,
  name: string,
  options: OperationOptions = {},
): Promise<void> {
  const wanted = parse(userName, name, 'chown.user')
  const { pool } = record
  using op = await record.begin('chown', options)
  // What it had is left when this one need not be held any more: there is no order between two users.
  const before = await underLock(op, record, 'user', wanted, () => {
    const user = pool.users.get(wanted)
    if (user === undefined) throw new NotFoundError('user', `${pool.name}:${wanted}`)
    assertSameIds(record, user, `another user for ${record.name}`)
    return { user, group: record.group }
  })
  await leave(op, record, before)
}

/**
 * @param path of a group of its pool
 * @throws NotFoundError, StateError unless it is stopped
 */
export async function chgrpContainer(
  record: ContainerRecord,
  path: string,
  options: OperationOptions = {},
): Promise<void> {
  const wanted = parse(groupPath, path, 'chgrp.group')
  const { pool } = record
  using op = await record.begin('chgrp', options)
  const before = await underLock(op, record, 'group', wanted, () => {
    const group = pool.groups.get(wanted)
    if (group === undefined) throw new NotFoundError('group', `${pool.name}:${wanted}`)
    return { user: record.user, group }
  })
  await leave(op, record, before)
}

interface Owner {
  readonly user: User
  readonly group: Group
}

interface Before extends Owner {
  /** What the container had of its own there. */
  readonly cgroup: string
}

/** @returns whose it was; null when nothing has changed */
async function underLock(
  op: Operation,
  record: ContainerRecord,
  kind: 'user' | 'group',
  name: string,
  wanted: () => Owner,
): Promise<Before | null> {
  record.assertStopped(op.name)
  record.assertWhole(op.name)
  using _held = await op.lock([record.pool.claim(kind, name, 'shared')])
  const { user, group } = wanted()
  if (user === record.user && group === record.group) return null
  using _settings = await record.lockSettings(op)
  // Files that are being written have it mounted with the ids of before.
  using _rootfs = await record.lockRootfs(op)
  record.assertPresent()
  await assertNothingRuns(record)
  const before = { user: record.user, group: record.group, cgroup: record.cgroup }
  await using undo = new Undo()
  undo.add(() => placeForTools(record))
  undo.add(() => give(record, before))
  try {
    // First: the next import makes what is missing, and not what is out of date.
    await removeLxcFile(record.pool, record.id)
    await give(record, { user, group })
    done(`${kind === 'user' ? 'chown' : 'chgrp'}.file`, op.signal)
    placeForTools(record)
  } catch (error) {
    throw poolError(error, record.file.path)
  }
  undo.commit()
  record.changed([kind])
  return before
}

/** What a run has left there, which `recoverCleanup()` ends, would be nobody's. @throws InUseError naming processes */
async function assertNothingRuns(record: ContainerRecord): Promise<void> {
  const cgroup = record.cgroupDir()
  const pids = (await cgroup.exists()).length === 0 ? [] : await cgroup.procs()
  if (pids.length === 0) return
  const users = pids.map((pid) => `process ${pid}`)
  throw new InUseError('container', `${record.pool.name}:${record.id}`, users)
}

async function give(record: ContainerRecord, { user, group }: Owner): Promise<void> {
  record.config = await record.file.update({ user: user.name, group: group.path })
  record.user = user
  record.group = group
}

/** What this does not come to, the next import does. */
async function leave(op: Operation, record: ContainerRecord, before: Before | null): Promise<void> {
  if (before === null) return
  op.goOn()
  await record.host.cgroups.dir(before.cgroup).remove()
  await leaveUser(op, record.pool, before)
}
