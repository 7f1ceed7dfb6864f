// A lock between processes that cannot go stale: the kernel frees it when the holder ends.
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { native } from '../native.js'

const { O_RDWR, O_APPEND, O_CREAT } = constants

type Open = (path: string, flags: number, mode: number) => Promise<FileHandle>

export class FileLock implements AsyncDisposable {
  private constructor(readonly file: FileHandle) {}

  /**
   * The lock, or null when another process or another `FileLock` has it. Makes the file.
   *
   * @param opened by what, where not everything that is there may be opened
   */
  static async take(path: string, opened: Open = open): Promise<FileLock | null> {
    const file = await opened(path, O_RDWR | O_APPEND | O_CREAT, 0o600)
    try {
      if (native.ns.lockFile(file.fd)) return new FileLock(file)
    } catch (error) {
      await file.close()
      throw error
    }
    await file.close()
    return null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file.close()
  }
}
