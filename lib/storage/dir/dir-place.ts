// A pool in a directory.

import { existsSync } from 'node:fs'
import { chmod, mkdir, readdir, realpath, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { z } from 'zod'
import type { HostContext } from '../../host/context.js'
import { ExistsError, InvalidArgumentError, NotAPoolError } from '../../host/errors.js'
import type { Operation } from '../../host/operation.js'
import { PoolLayout } from '../../pool/layout.js'
import { readMarker, writeMarker } from '../../pool/marker.js'
import { checkVisible, writePoolFile } from '../../pool/root.js'
import { poolError, syncDirectory } from '../../pool/write-file.js'
import type { dirInstallOptions, dirPoolOptions } from '../../schema/pool.js'
import { done } from '../../step.js'
import { Undo } from '../../undo.js'
import type { Durability, PoolPlace } from '../place.js'
import { chooseCloneMode } from './clone-mode.js'
import { DirDriver } from './dir-driver.js'

type DirPool = z.output<typeof dirPoolOptions>

/** A directory that is empty or not there was never installed. */
export async function isDirAbsent({ path }: DirPool): Promise<boolean> {
  try {
    return (await readdir(path)).length === 0
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return true
    throw error
  }
}

/** @throws NotAPoolError, PoolUnsafeError, PoolFormatError */
export async function findDirPlace({ path }: DirPool): Promise<PoolPlace> {
  const layout = new PoolLayout(path)
  const marker = await readMarker(layout)
  if (marker.driver !== 'dir') throw new NotAPoolError(path, `its driver is '${marker.driver}'`)
  return {
    root: path,
    mounts: [path],
    marker: () => Promise.resolve(marker),
    ensure: () => layout.ensure(),
    driver: ({ clone_mode: mode, durable }) => new DirDriver(layout, mode, durable),
  }
}

export async function installDirPlace(
  op: Operation,
  host: HostContext,
  { path, cloneMode }: z.output<typeof dirInstallOptions>,
  { durable }: Durability,
): Promise<void> {
  const layout = new PoolLayout(path)
  await using undo = new Undo()
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 }).catch(() =>
      // The recursive one says ENOENT where the filesystem is read-only.
      mkdir(path, { mode: 0o700 }),
    )
    const found = (await readdir(path)).filter((name) => name !== 'lost+found')
    if (found.includes(layout.marker)) throw new ExistsError('pool', path)
    if (found.length > 0 && !(await layout.isHalfMade())) {
      throw new InvalidArgumentError('install.path', 'must be an empty directory, or none yet')
    }
    if (found.length === 0) undo.add(() => removeContent(path))
    if (made !== undefined) undo.add(() => rm(made, { recursive: true }))
    await assertOutside(path, layout.marker)
    await chmod(path, 0o700)
    await checkVisible(host, path)
    const mode = await chooseCloneMode(path, cloneMode)
    await layout.ensure()
    done('install.layout', op.signal)
    // The marker comes last: without it a half-made pool is none.
    await writePoolFile(layout)
    done('install.config', op.signal)
    await writeMarker(layout, { driver: 'dir', cloneMode: mode, durable })
    await syncDirectory(path)
    undo.commit()
    done('install.marker')
  } catch (error) {
    throw poolError(error, path)
  }
}

// Its own tidying up, and a guest, know nothing of another pool that is in it.
async function assertOutside(path: string, marker: string): Promise<void> {
  for (let at = dirname(await realpath(path)); ; at = dirname(at)) {
    if (existsSync(join(at, marker))) {
      throw new InvalidArgumentError('install.path', `must not be in the pool '${at}'`)
    }
    if (at === '/') return
  }
}

async function removeContent(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (name !== 'lost+found') await rm(join(directory, name), { recursive: true })
  }
}
