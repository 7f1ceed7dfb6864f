// Writes small files of the run state. It is in memory, where nothing is flushed, and it is written again
// after a reboot of the machine. Somebody may have cleaned up around them, and the memory may be full.

import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StateDirectoryFullError } from './errors.js'

/** @throws StateDirectoryFullError */
export async function writeRunFile(path: string, text: string, mode = 0o600): Promise<void> {
  const write = () => writeFile(path, text, { mode })
  try {
    await write().catch(async (error: unknown) => {
      if (codeOf(error) !== 'ENOENT') throw error
      await mkdir(dirname(path), { recursive: true, mode: 0o755 })
      await write()
    })
  } catch (cause) {
    if (codeOf(cause) !== 'ENOSPC') throw cause
    throw new StateDirectoryFullError(path, { cause })
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

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
