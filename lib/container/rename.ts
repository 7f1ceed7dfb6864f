// Gives a stopped container another id.

import { rename } from 'node:fs/promises'
import { ExistsError } from '../host/errors.js'
import { ConfigFile } from '../pool/config-file.js'
import { poolError, syncDirectory } from '../pool/write-file.js'
import { containerFile } from '../schema/container.js'
import { containerId } from '../schema/names.js'
import { parse } from '../schema/parse.js'
import { Undo } from '../undo.js'
import { logFiles } from './delete.js'
import { hostnameFiles, hostsFile, writeGuestFiles } from './guest-files.js'
import { utsName } from './hostname.js'
import { renameExit } from './last-exit.js'
import { removeLxcFile } from './lxc-file.js'
import type { ContainerRecord } from './record.js'

/** @throws ExistsError, StateError unless it is stopped */
export async function renameContainer(record: ContainerRecord, newId: string): Promise<void> {
  const to = parse(containerId, newId, 'rename.id')
  const { pool, host, id: from } = record
  using _old = record.lock('rename')
  record.assertStopped('rename')
  if (to === from) return
  using _new = host.locks.take(`container ${pool.name}:${to}`, 'rename')
  const path = pool.layout.confFile('ct', to)
  if (pool.containers.has(to) || pool.broken.some((file) => file.path === path)) {
    throw new ExistsError('container', `${pool.name}:${to}`)
  }
  await using undo = new Undo()
  const logs = logFiles(record)
  try {
    await removeLxcFile(record)
    await pool.driver.rename(from, to)
    undo.add(() => pool.driver.rename(to, from))
    const oldPath = record.file.path
    await rename(oldPath, path)
    undo.add(() => rename(path, oldPath))
    await syncDirectory(pool.layout.conf('ct'))
  } catch (error) {
    throw poolError(error, path)
  }
  const container = pool.containers.get(from)
  undo.commit()
  record.id = to
  record.file = new ConfigFile(path, containerFile)
  pool.containers.delete(from)
  if (container !== undefined) pool.containers.set(to, container)
  const moved = logFiles(record)
  for (const [index, log] of logs.entries())
    await rename(log, moved[index] ?? log).catch(() => undefined)
  await renameExit(record, from, to)
  if (record.config.hostname == null) await nameGuest(record)
  host.emit({ type: 'renamed', pool: pool.name, id: to, from })
}

// A hostname that follows from the id changes with it.
async function nameGuest(record: ContainerRecord): Promise<void> {
  const hostname = utsName(record.id, null)
  const files = [...hostnameFiles(record.config.distribution, hostname), hostsFile(hostname)]
  const keeper = await record.host.keeper()
  await record.withFiles((where) => writeGuestFiles(keeper, where, files))
}
