// A lock between processes that cannot go stale: the kernel frees it when the holder ends.
import { open, type FileHandle } from 'node:fs/promises'
import { native } from '../native.js'

export class FileLock implements AsyncDisposable {
  private constructor(readonly file: FileHandle) {}

  /** The lock, or null when another process or another `FileLock` has it. Makes the file. */
  static async take(path: string): Promise<FileLock | null> {
    const file = await open(path, 'a+', 0o600)
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
