// Makes a container from an image. It exists from the moment its file has lost `state: staged`;
// what an interrupted creation leaves is known by that mark and goes at the next import.

import { constants } from 'node:fs'
import { checkParams } from '../group/cgparams.js'
import { NotFoundError } from '../host/errors.js'
import type { Operation, OperationOptions } from '../host/operation.js'
import type { Image } from '../image/types.js'
import { ConfigFile, type Patch } from '../pool/config-file.js'
import { openFile } from '../pool/open-file.js'
import type { Pool } from '../pool/pool.js'
import { poolError } from '../pool/write-file.js'
import { containerFile, type createOptions } from '../schema/container.js'
import type { z } from 'zod'
import { Undo } from '../undo.js'
import type { User } from '../user/user.js'
import { createUser } from '../user/users.js'
import { Container } from './container.js'
import { initOf } from './image-facts.js'
import type { DetectedInit } from './init-detect.js'
import { placeForTools, removeLxcFile } from './lxc-file.js'
import { prepareGuest } from './prepare-guest.js'
import { ContainerRecord } from './record.js'
import { checkSettings, patchOf } from './settings.js'
import { done } from '../step.js'

/** What osctl gives a new container. */
const DEFAULT_PRLIMITS = { nofile: { soft: 1024, hard: 1_048_576 } }

type Wanted = z.output<typeof createOptions>

export async function createContainer(
  pool: Pool,
  wanted: Wanted,
  options: OperationOptions,
): Promise<Container> {
  const { id, user: userName, group: groupPath, image: query, pool: _pool, ...settings } = wanted
  const { host } = pool
  pool.assertActive()
  checkSettings(settings, host.machine, 'create')
  const own = pool.claim('container', id)
  using op = await pool.begin('create', own, options, [pool.claim('group', groupPath, 'shared')])
  const path = pool.newFile('container', id)
  const group = pool.groups.get(groupPath)
  if (group === undefined) throw new NotFoundError('group', `${pool.name}:${groupPath}`)
  await checkParams(pool, [], settings.cgparams ?? [], 'create.cgparams')
  const image = pool.images.find(query)
  using _hold = pool.images.hold(image, `container ${id}`)
  const init = await initOf(pool.images, image)

  await using undo = new Undo()
  const user = await userFor(op, pool, userName, id, undo)
  done('create.user', op.signal)
  const file = new ConfigFile(path, containerFile)
  const base = baseOf(pool, id, user, group.path, image, init)
  const settled = patchOf(settings, containerFile.parse(base), 'create')
  undo.add(() => file.remove().catch(ignoreMissing))
  const facts = { ...base.vpsadminos, ...(settled['vpsadminos'] as Patch | undefined) }
  const config = await file.create({ ...base, ...settled, vpsadminos: facts, state: 'staged' })
  done('create.staged', op.signal)
  const record = new ContainerRecord(pool, id, file, config, user, group)

  const from = { mode: pool.marker.clone_mode, image }
  await pool.driver.create(record.home, from, { signal: op.signal })
  undo.add(() => pool.driver.remove(record.home))
  done('create.rootfs', op.signal)
  await prepareGuest(record, record.rootfsPlan(), image, init)
  done('create.guest', op.signal)
  await touch(pool.layout.consoleLog(id))
  done('create.log', op.signal)
  undo.add(() => removeLxcFile(pool, id))
  placeForTools(record)
  done('create.lxc', op.signal)
  op.goOn()
  record.config = await file.update({ state: undefined })
  done('create.live')

  undo.commit()
  const container = new Container(record)
  pool.containers.set(id, container)
  host.emit({ type: 'created', pool: pool.name, id })
  return container
}

// Its lock is held until the container is there, which keeps the user from being deleted.
export async function userFor(
  op: Operation,
  pool: Pool,
  name: string | undefined,
  id: string,
  undo: Undo,
): Promise<User> {
  if (name !== undefined) {
    await op.lock([pool.claim('user', name, 'shared')])
    const user = pool.users.get(name)
    if (user === undefined) throw new NotFoundError('user', `${pool.name}:${name}`)
    return user
  }
  // A container that was renamed has taken its user with it, name and all.
  let free = id
  for (let number = 2; pool.users.has(free); number++) free = `${id.slice(0, 90)}-${number}`
  await op.lock([pool.claim('user', free)])
  const user = await createUser(op, pool, { name: free, idRange: 'default', standalone: false })
  undo.add(() => user.deleteIn(op.goOn()))
  return user
}

function baseOf(
  pool: Pool,
  id: string,
  user: User,
  group: string,
  image: Image,
  { kind, systemdVersion }: DetectedInit,
) {
  const { distribution, version, arch } = image
  return {
    user: user.name,
    group,
    ...(pool.driver.dataset === null ? {} : { dataset: pool.driver.home(id, null) }),
    distribution,
    version,
    arch,
    net_interfaces: [],
    cgparams: [],
    devices: [],
    prlimits: DEFAULT_PRLIMITS,
    mounts: [],
    autostart: false,
    ephemeral: false,
    hostname: null,
    dns_resolvers: null,
    nesting: false,
    seccomp_profile: null,
    init_cmd: null,
    raw: { lxc: null },
    attrs: {},
    vpsadminos: {
      clone_mode: pool.marker.clone_mode,
      image: image.id,
      image_digest: image.digest,
      init: kind,
      ...(systemdVersion === null ? {} : { systemd_version: systemdVersion }),
    },
  }
}

// So that a console can be watched before the first start.
export async function touch(path: string): Promise<void> {
  const { O_WRONLY, O_CREAT } = constants
  const file = await openFile(path, O_WRONLY | O_CREAT, 0o600).catch((error: unknown) => {
    throw poolError(error, path)
  })
  await file.close()
}

export function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
