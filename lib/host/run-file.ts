// Writes small files of the run state. It is in memory, where nothing is flushed, and it is written again
// after a reboot of the machine. Somebody may have cleaned up around them, and the memory may be full.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StateDirectoryFullError } from './errors.js'

/** @throws StateDirectoryFullError */
export function writeRunFile(path: string, text: string, mode = 0o600): Promise<void> {
  return withDirectory(path, () => writeFile(path, text, { mode }))
}

/** At its end, where a part of it may be after a failure. @throws StateDirectoryFullError */
export function appendRunFile(path: string, text: string, mode = 0o600): Promise<void> {
  return withDirectory(path, () => appendFile(path, text, { mode }))
}

async function withDirectory(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write().catch(async (error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error
      await mkdir(dirname(path), { recursive: true, mode: 0o755 })
      await write()
    })
  } catch (cause) {
    throw orFull(path, cause)
  }
}

/** As a whole: who reads it finds what was there before, or this. @throws StateDirectoryFullError */
export async function replaceRunFile(path: string, text: string, mode = 0o600): Promise<void> {
  const half = `${path}.new`
  try {
    await writeRunFile(half, text, mode)
    await rename(half, path)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  }
}

/**
 * The same in one go: for what is on the way of a start, as four turns of the thread pool take longer.
 *
 * @throws StateDirectoryFullError
 */
export function replaceRunFileNow(path: string, text: string, mode = 0o600): void {
  const half = `${path}.new`
  try {
    try {
      writeFileSync(half, text, { mode })
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
      writeFileSync(half, text, { mode })
    }
    renameSync(half, path)
  } catch (cause) {
    rmSync(half, { force: true })
    throw orFull(path, cause)
  }
}

function orFull(path: string, cause: unknown): unknown {
  return codeOf(cause) === 'ENOSPC' ? new StateDirectoryFullError(path, { cause }) : cause
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
