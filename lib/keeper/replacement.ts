// A file that gets new content. The keeper's child that made the place for it waits for the end of
// this: it puts the content in its place, or removes what there is of it.
import { constants } from 'node:os'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { openPipe } from '../descriptor-streams.js'
import { SystemError } from '../errors.js'
import { FileControl, HANG_MS } from './file-control.js'

/** Milliseconds. One that hangs answers nobody, and is not waited for as long as one that commits. */
export const DISCARD_MS = 5000

export class Replacement {
  /** Where the content goes. It fails with EPIPE when the file does: `discard()` knows why. */
  readonly content: Writable
  readonly #control: FileControl

  /** Takes both descriptors over. */
  constructor(path: string, content: number, control: number) {
    this.#control = new FileControl(path, control)
    const pipe = openPipe(content, 'write')
    pipe.setTimeout(HANG_MS, () => {
      // Otherwise it is whoever gives the content that takes so long.
      if (pipe.writableLength === 0) return
      pipe.destroy(new SystemError(constants.errno.ETIMEDOUT, 'write', path))
    })
    // Whoever writes is told by its write; a child that died before is nobody's concern.
    pipe.on('error', () => {})
    this.content = pipe
  }

  /** After the end of `content`. @throws KeeperError or SystemError; then it is discarded */
  async commit(): Promise<void> {
    await this.#control.order('c')
  }

  /**
   * Resolves when nothing is left of it, with why the content could not be taken, if that is so. What
   * hangs is left to go when it can.
   */
  async discard(): Promise<Error | null> {
    this.content.destroy()
    await finished(this.content).catch(() => {
      // It was cut off, and that is what this is for.
    })
    return await this.#control.order('', DISCARD_MS).then(
      () => null,
      (error: unknown) => error as Error,
    )
  }
}
