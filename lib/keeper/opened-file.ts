// The content of a file of a container, as the keeper's child reads it.
import type { Socket } from 'node:net'
import { constants } from 'node:os'
import { Readable } from 'node:stream'
import { openPipe } from '../descriptor-streams.js'
import { SystemError } from '../errors.js'
import { FileControl, HANG_MS } from './file-control.js'

/** Nothing is taken from the pipe before somebody reads. Fails with what the file fails with. */
export class OpenedFile extends Readable {
  readonly #pipe: Socket
  readonly #control: FileControl
  #begun = false

  /** Takes both descriptors over. */
  constructor(path: string, content: number, control: number) {
    super()
    this.#control = new FileControl(path, control)
    this.#pipe = openPipe(content, 'read')
    this.#pipe.on('error', (error) => this.destroy(error))
    this.#pipe.setTimeout(HANG_MS, () => {
      // Otherwise it is whoever reads that takes so long.
      if (!this.#begun || this.#pipe.isPaused()) return
      this.destroy(new SystemError(constants.errno.ETIMEDOUT, 'read', path))
    })
  }

  override _read(): void {
    if (this.#begun) {
      this.#pipe.resume()
      return
    }
    this.#begun = true
    this.#pipe.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.#pipe.pause()
    })
    this.#pipe.on('end', () => {
      // That the pipe has ended does not say that the file has.
      try {
        this.#control.answer()
        this.push(null)
      } catch (error) {
        this.destroy(error as Error)
      }
    })
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#pipe.destroy()
    this.#control.close()
    done(error)
  }
}
