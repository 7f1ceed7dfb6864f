// The file that says that the host is being shut down, with the place and the modes that it has in vpsAdminOS: 0000
// until that is done, 0100 from then on. It outlives the process, and not the machine's run.

import { chmod, readFile, rm, stat } from 'node:fs/promises'
import { bootId } from '../host/boot-id.js'
import { StateDirectoryFullError } from '../host/errors.js'
import { writeRunFile } from '../host/run-file.js'

const UNDONE = 0o000
const DONE = 0o100

export class ShutdownMarker {
  constructor(readonly path: string) {}

  async state(): Promise<'none' | 'unfinished' | 'finished'> {
    const found = await stat(this.path).catch(ignoreMissing)
    if (found === null || (await this.#isOfEarlierRun())) return 'none'
    return (found.mode & DONE) === 0 ? 'unfinished' : 'finished'
  }

  /** @throws StateDirectoryFullError where not even an empty file has room */
  async make(): Promise<void> {
    try {
      await writeRunFile(this.path, `${await bootId()}\n`, UNDONE)
    } catch (error) {
      if (!(error instanceof StateDirectoryFullError)) throw error
      // It says so without words, too.
      if ((await stat(this.path).catch(ignoreMissing)) === null) throw error
    }
    await chmod(this.path, UNDONE)
  }

  async finish(): Promise<void> {
    await chmod(this.path, DONE)
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true })
  }

  /** Where the run state is on a disk, it is there still when the machine is booted again. */
  async removeOfEarlierRun(): Promise<void> {
    if (await this.#isOfEarlierRun()) await this.remove()
  }

  async #isOfEarlierRun(): Promise<boolean> {
    const text = (await readFile(this.path, 'utf8').catch(ignoreMissing))?.trim() ?? ''
    return text !== '' && text !== (await bootId())
  }
}

function ignoreMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}
