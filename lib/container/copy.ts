// Makes a container that is as another one: its settings, what is in its files and its datasets, and an id
// map of its own. Both are marked meanwhile, so that the next import takes back what was cut off: the
// copy as one that is being created, the container because of what is made of it, and of its rest.

import { randomBytes } from 'node:crypto'
import { NotFoundError } from '../host/errors.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import { choosePool } from '../host/reference.js'
import type { Image } from '../image/types.js'
import { ConfigFile } from '../pool/config-file.js'
import type { Pool } from '../pool/pool.js'
import { poolError } from '../pool/write-file.js'
import { containerFile, copySettings, type CopySettings } from '../schema/container.js'
import { containerId } from '../schema/names.js'
import { objectOf, parse } from '../schema/parse.js'
import { done } from '../step.js'
import type { Rest, RootfsOrigin } from '../storage/copy.js'
import { Undo } from '../undo.js'
import type { User } from '../user/user.js'
import { Container } from './container.js'
import { ignoreMissing, touch, userFor } from './create.js'
import { nameFiles, replaceMachineId, writeGuestFiles } from './guest-files.js'
import { placeForTools, removeLxcFile } from './lxc-file.js'
import { ContainerRecord } from './record.js'
import { restOf } from './rest.js'
import { forgetRest } from './rest-note.js'
import { assertSameIds } from './same-ids.js'

/** It can be given up until the file of the copy is whole; what was stopped for it is started. */
export interface CopyOptions extends CopySettings, OperationOptions {}

export async function copyContainer(
  record: ContainerRecord,
  newId: string,
  options: CopyOptions = {},
): Promise<Container> {
  const { signal, wait, label, ...settings } = objectOf(options, 'copy')
  const id = parse(containerId, newId, 'copy.id')
  const wanted = parse(copySettings, settings, 'copy')
  const { host } = record
  const pool = wanted.pool === undefined ? record.pool : choosePool(host.pools, wanted.pool)
  const groupPath = wanted.group ?? record.config.group
  using op = await record.begin(
    'copy',
    { signal, wait, label },
    [],
    [
      ...(pool === record.pool ? [] : [pool.poolClaim()]),
      pool.claim('container', id),
      pool.claim('group', groupPath, 'shared'),
    ],
  )
  pool.assertActive()
  pool.driver.assertWorking()
  record.assertWhole('copy')
  const path = pool.newFile('container', id)
  const group = pool.groups.get(groupPath)
  if (group === undefined) throw new NotFoundError('group', `${pool.name}:${groupPath}`)
  const rest = await restOf(op, record, wanted.consistent)
  const origin = originOf(record)
  await pool.driver.assertCanCopy(pool.driver.home(id, null), origin)
  const image = imageOf(record)
  using _hold = image === null ? null : record.pool.images.hold(image, `copy ${id}`)

  await using undo = new Undo()
  const user = await userFor(op, pool, wanted.user, id, undo)
  assertSameIds(record, user, `a copy of ${record.name} with other ids`)
  const content = contentOf(record, pool, id, origin, user)
  if (!wanted.networkInterfaces) content['net_interfaces'] = []
  const file = new ConfigFile(path, containerFile)
  undo.add(() => file.remove().catch(ignoreMissing))
  const config = await file.create({ ...content, group: group.path, state: 'staged' })
  done('copy.staged', op.signal)
  const copy = new ContainerRecord(pool, id, file, config, user, group)

  await copyRootfs(op, record, copy, { origin, rest })
  undo.add(() => pool.driver.remove(copy.home))
  done('copy.unmarked', signal)
  if (config.hostname == null) await writeGuestFiles(op, copy, nameFiles(copy))
  if (copy.init === 'systemd') await replaceMachineId(op, copy)
  done('copy.guest', signal)
  await touch(pool.layout.consoleLog(id))
  done('copy.log', signal)
  undo.add(() => removeLxcFile(pool, id))
  placeForTools(copy)
  done('copy.lxc', signal)
  op.goOn()
  copy.config = await file.update({ state: undefined })
  done('copy.live')

  undo.commit()
  const container = new Container(copy)
  pool.containers.set(id, container)
  host.emit({ type: 'created', pool: pool.name, id })
  return container
}

/** Undone completely when it fails: the container goes on, and nothing was made of it. */
async function copyRootfs(
  op: Operation,
  record: ContainerRecord,
  copy: ContainerRecord,
  { origin, rest }: { readonly origin: RootfsOrigin; readonly rest: Rest | null },
): Promise<void> {
  const { signal } = op
  const name = `osctl-copy-${randomBytes(6).toString('hex')}`
  await using undo = new Undo()
  // What another one could not take away.
  await endCopy(op, record)
  await mark(op, record, { name })
  undo.add(() => endCopy(op.goOn(), record))
  try {
    done('copy.marked', signal)
    // One that does not run does not change either.
    using _rootfs = record.run.alive ? null : await record.lockRootfs(op)
    await copy.pool.driver.copy(copy.home, origin, { name, rest, signal })
    undo.add(() => copy.pool.driver.remove(copy.home))
  } catch (error) {
    throw poolError(error, copy.home)
  } finally {
    await rest?.end()
  }
  done('copy.rootfs', signal)
  await endCopy(op, record)
  undo.commit()
}

/** Takes away what a copy has made of it; what its rest was is over. */
export async function endCopy(op: Operation, record: ContainerRecord): Promise<void> {
  const { copying } = record.config.vpsadminos
  if (copying === undefined) return
  await forgetRest(record.pool, record.id)
  await record.pool.driver.endCopy(record.home, copying.name)
  await mark(op, record, undefined)
}

type Copying = ContainerRecord['config']['vpsadminos']['copying']

async function mark(op: Operation, record: ContainerRecord, copying: Copying): Promise<void> {
  using _settings = await record.lockSettings(op)
  record.config = await record.file.update({ vpsadminos: { copying } })
}

function originOf(record: ContainerRecord): RootfsOrigin {
  const { driver } = record.pool
  const source = { mode: record.config.vpsadminos.clone_mode, image: record.image() }
  return { driver, home: record.home, source }
}

/** That it was made from, if that is there. */
function imageOf({ pool, config }: ContainerRecord): Image | null {
  const { image } = config.vpsadminos
  return image == null ? null : (pool.images.list({ id: image })[0] ?? null)
}

/** What is in the file of the container, with what is the copy's own. */
function contentOf(
  { pool: from, config }: ContainerRecord,
  pool: Pool,
  id: string,
  origin: RootfsOrigin,
  user: User,
): Record<string, unknown> {
  const { dataset: _dataset, vpsadminos, send_log: _sent, ...kept } = config
  const { copying: _copying, unnamed: _unnamed, renaming: _renaming, ...rest } = vpsadminos
  // What was begun with its datasets is no business of the copy's, which has others of these names.
  const { ephemeral_run: _run, making_dataset: _making, deleting_dataset: _deleting, ...own } = rest
  const elsewhere = pool === from ? {} : { image: null }
  const { driver } = pool
  return {
    ...kept,
    ...(driver.dataset === null ? {} : { dataset: driver.home(id, null) }),
    user: user.name,
    // Two of the same address on one bridge would disturb each other.
    net_interfaces: config.net_interfaces.map(({ hwaddr: _hwaddr, ...netif }) => netif),
    vpsadminos: { ...own, ...elsewhere, clone_mode: driver.copyMode(origin) },
  }
}
