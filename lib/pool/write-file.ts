// Replaces a file so that after a crash either the old or the new content is there, never a part.

import { randomBytes } from 'node:crypto'
import { open, rename, unlink, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PoolFullError, PoolReadOnlyError } from '../host/errors.js'
import { inDiskTurn } from './disk-turns.js'

/** How names of half-written files end; {@link isTemporary} knows them again. */
const SUFFIX = '.new'

export function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith(SUFFIX)
}

/**
 * Writes `data` to a new file beside `path` and renames it over `path`, both made durable.
 *
 * @throws PoolFullError, PoolReadOnlyError, or the system's error
 */
export function replaceFile(path: string, data: string, mode = 0o400): Promise<void> {
  return inDiskTurn(path, () => replace(path, data, mode))
}

async function replace(path: string, data: string, mode: number): Promise<void> {
  const directory = dirname(path)
  const temporary = join(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}${SUFFIX}`)
  try {
    try {
      await withFile(await open(temporary, 'wx', mode), async (file) => {
        await file.writeFile(data)
        await file.sync()
      })
      await rename(temporary, path)
    } catch (error) {
      await unlink(temporary).catch(() => undefined)
      throw error
    }
    await syncDirectory(directory)
  } catch (error) {
    throw poolError(error, path)
  }
}

/** Makes creations, renames and removals in the directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  await withFile(await open(path, 'r'), (directory) => directory.sync())
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file)
  } finally {
    await file.close()
  }
}

/** The typed error for what a pool's filesystem says, or the error as it is. */
export function poolError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC') return new PoolFullError(path, { cause: error })
  if (code === 'EDQUOT') return new PoolFullError(path, { cause: error }, true)
  if (code === 'EROFS') return new PoolReadOnlyError(path, { cause: error })
  return error
}
