// Says that a directory is a pool's, of which format and which one.

import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import type { z } from 'zod'
import { NotAPoolError, PoolFormatError, PoolUnsafeError } from '../host/errors.js'
import { POOL_FORMAT, poolMarker, type CloneMode } from '../schema/pool.js'
import { ConfigFile } from './config-file.js'
import type { PoolLayout } from './layout.js'

export type Marker = z.output<typeof poolMarker>

interface NewMarker {
  readonly driver: 'dir' | 'zfs'
  readonly cloneMode: CloneMode
  readonly durable: boolean
}

export function writeMarker(
  layout: PoolLayout,
  { driver, cloneMode, durable }: NewMarker,
): Promise<Marker> {
  return new ConfigFile(layout.markerFile(), poolMarker).create({
    format: POOL_FORMAT,
    uuid: randomUUID(),
    driver,
    clone_mode: cloneMode,
    ...(durable ? {} : { durable }),
  })
}

/**
 * @throws NotAPoolError when there is no marker
 * @throws PoolFormatError when a newer version wrote it
 * @throws PoolUnsafeError when others than root could look into the pool
 */
export async function readMarker(layout: PoolLayout): Promise<Marker> {
  await checkSafe(layout.root)
  const marker = await findMarker(layout)
  if (marker !== null) return marker
  throw new NotAPoolError(layout.root, `it has no ${layout.marker}; host.pools.install() makes one`)
}

/** Null when there is none. @throws PoolFormatError when a newer version wrote it */
export async function findMarker(layout: PoolLayout): Promise<Marker | null> {
  let marker: Marker
  try {
    marker = await new ConfigFile(layout.markerFile(), poolMarker).read()
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  if (marker.format > POOL_FORMAT) {
    throw new PoolFormatError(layout.root, marker.format, POOL_FORMAT)
  }
  return marker
}

/** Ids in a rootfs are the container's own: a setuid-root file of a guest is one on disk too. */
async function checkSafe(root: string): Promise<void> {
  const found = await stat(root).catch((error: unknown) => {
    if (isMissing(error)) throw new NotAPoolError(root, 'there is no such directory')
    throw error
  })
  if (!found.isDirectory()) throw new NotAPoolError(root, 'it is no directory')
  if (found.uid !== 0) throw new PoolUnsafeError(root, `it belongs to uid ${found.uid}`)
  const mode = found.mode & 0o777
  if (mode !== 0o700) throw new PoolUnsafeError(root, `its mode is 0${mode.toString(8)}`)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
