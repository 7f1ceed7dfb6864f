// Gives a stopped container another id. What is in its rootfs, its directory and its file get the new
// name one after the other; a mark in the file tells the next import of one that was cut off.

import { rename, stat } from 'node:fs/promises'
import type { OperationOptions } from '../host/operation.js'
import { ConfigFile } from '../pool/config-file.js'
import { poolError, syncDirectory } from '../pool/write-file.js'
import type { Pool } from '../pool/pool.js'
import { containerFile, type ContainerFile } from '../schema/container.js'
import { containerId } from '../schema/names.js'
import { parse } from '../schema/parse.js'
import { Undo } from '../undo.js'
import { logFiles } from './log-files.js'
import { nameFiles, writeGuestFiles } from './guest-files.js'
import { renameExit } from './last-exit.js'
import { placeForTools, removeLxcFile } from './lxc-file.js'
import type { ContainerRecord } from './record.js'
import { done } from '../step.js'

/** @throws ExistsError, StateError unless it is stopped */
export async function renameContainer(
  record: ContainerRecord,
  newId: string,
  options: OperationOptions = {},
): Promise<void> {
  const to = parse(containerId, newId, 'rename.id')
  const { pool, host } = record
  using op = await record.begin('rename', options, [], [pool.claim('container', to)])
  const { id: from } = record
  record.assertStopped('rename')
  record.assertWhole('rename')
  if (to === from) return
  using _settings = await record.lockSettings(op)
  const path = pool.newFile('container', to)
  await using undo = new Undo()
  record.config = await record.file.update({ vpsadminos: { renaming: { from, to } } })
  undo.add(() => unmark(record))
  done('rename.marked', op.signal)
  // A hostname that follows from the id changes with it. First, as there may be no room for it.
  if (record.config.hostname == null) {
    const names = (id: string) => nameFiles({ config: record.config, id })
    undo.add(() => writeGuestFiles(op.goOn(), record, names(from)))
    await writeGuestFiles(op, record, names(to))
  }
  done('rename.guest', op.signal)
  const rootfs = await record.lockRootfs(op)
  undo.add(() => rootfs[Symbol.dispose]())
  try {
    undo.add(() => placeForTools(record))
    await removeLxcFile(pool, from)
    const homes = homesOf(record.pool, record.config, from, to)
    await pool.driver.rename(homes.from, homes.to)
    undo.add(() => pool.driver.rename(homes.to, homes.from))
    done('rename.rootfs', op.signal)
    const oldPath = record.file.path
    await rename(oldPath, path)
    undo.add(() => rename(path, oldPath))
    await syncDirectory(pool.layout.conf('ct'))
    done('rename.file', op.signal)
  } catch (error) {
    throw poolError(error, path)
  }
  const container = pool.containers.get(from)
  undo.commit()
  op.goOn()
  record.id = to
  record.file = new ConfigFile(path, containerFile)
  pool.containers.delete(from)
  if (container !== undefined) pool.containers.set(to, container)
  rootfs[Symbol.dispose]()
  host.emit({ type: 'renamed', pool: pool.name, id: to, from })
  await finishRename(record, from)
}

/** What follows once the file has its new name. */
export async function finishRename(record: ContainerRecord, from: string): Promise<void> {
  const { pool, id } = record
  await pool.autostart.renamed(from, id)
  const moved = logFiles(pool, id)
  for (const [index, log] of logFiles(pool, from).entries())
    await rename(log, moved[index] ?? log).catch(() => undefined)
  await renameExit(record, from, id)
  placeForTools(record)
  done('rename.logs')
  await unmark(record)
  done('rename.done')
}

async function unmark(record: ContainerRecord): Promise<void> {
  const dataset = record.config.dataset == null ? {} : { dataset: record.home }
  record.config = await record.file.update({ ...dataset, vpsadminos: { renaming: undefined } })
}

function homesOf(pool: Pool, { dataset }: ContainerFile, from: string, to: string) {
  const home = (id: string) => pool.driver.home(id, dataset ?? null)
  return { from: home(from), to: home(to) }
}

/**
 * Gives the directory its old name, for a file that has kept it. Answers what is in the file then.
 *
 * @param config what is in it now
 */
export async function takeBackRename(
  pool: Pool,
  file: ConfigFile<typeof containerFile>,
  config: ContainerFile,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<ContainerFile> {
  const homes = homesOf(pool, config, from, to)
  const lost = !(await pool.driver.exists(homes.from))
  // With a file of its own it is somebody else's.
  const others = await stat(pool.layout.confFile('ct', to)).then(
    () => true,
    () => false,
  )
  if (lost && !others && (await pool.driver.exists(homes.to)))
    await pool.driver.rename(homes.to, homes.from)
  // Which it may have the names of already.
  const unnamed = config.hostname == null ? { unnamed: true } : {}
  return file.update({ vpsadminos: { renaming: undefined, ...unnamed } })
}
