// The socket beside a pipe with a file's content: the order that ends it, and what has come of it.
import { closeSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { SystemError } from '../errors.js'
import { KeeperError } from './errors.js'
import { decodeFrame, kinds } from './protocol.js'

/** How long a guest's filesystem may take for a part of it, in milliseconds. */
export const HANG_MS = 30_000

export class FileControl {
  readonly #path: string
  #fd: number | null

  /** Takes the descriptor over. */
  constructor(path: string, fd: number) {
    this.#path = path
    this.#fd = fd
  }

  /**
   * Says the last word, or that there is none, and waits for the answer. Once.
   *
   * @param limitMs milliseconds
   * @throws KeeperError as the answer says; SystemError: ECHILD when whoever was to answer has ended,
   * ETIMEDOUT when it hangs
   */
  async order(last: 'c' | '', limitMs = HANG_MS): Promise<void> {
    if (this.#fd === null) return
    const socket = new Socket({ fd: this.#fd, readable: true, writable: true })
    this.#fd = null
    const late = new SystemError(constants.errno.ETIMEDOUT, 'replace', this.#path)
    const timer = setTimeout(() => socket.destroy(late), limitMs)
    const chunks: Buffer[] = []
    try {
      socket.end(last)
      for await (const chunk of socket) chunks.push(chunk as Buffer)
    } catch (error) {
      if (error === late) throw late
      // EPIPE or ECONNRESET: it was killed.
    } finally {
      clearTimeout(timer)
    }
    this.#check(Buffer.concat(chunks), 'replace')
  }

  /** The answer that is there when the pipe has ended. @throws as {@link order} */
  answer(): void {
    if (this.#fd === null) return
    const frame = Buffer.allocUnsafe(64 * 1024)
    let size = 0
    try {
      size = readSync(this.#fd, frame)
    } catch {
      // It was killed.
    } finally {
      this.close()
    }
    this.#check(frame.subarray(0, size), 'read')
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
  }

  #check(frame: Buffer, what: string): void {
    if (frame.length === 0) throw new SystemError(constants.errno.ECHILD, what, this.#path)
    const { kind, fields } = decodeFrame(frame)
    if (kind === kinds.ERROR) throw new KeeperError(fields)
  }
}
