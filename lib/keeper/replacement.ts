// A file that gets new content. The keeper's child that made the place for it waits for the end of
// this: it puts the content in its place, or removes what there is of it.
import { createWriteStream, type WriteStream } from 'node:fs'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import { finished } from 'node:stream/promises'
import { SystemError } from '../errors.js'
import { KeeperError } from './errors.js'
import { decodeFrame, kinds } from './protocol.js'

export class Replacement {
  /** Where the content goes; its descriptor is closed with it. */
  readonly content: WriteStream
  readonly #path: string
  readonly #control: Socket

  /** Takes both descriptors over. */
  constructor(path: string, content: number, control: number) {
    this.#path = path
    this.content = createWriteStream('', { fd: content })
    this.#control = new Socket({ fd: control, readable: true, writable: true })
    // Whoever asks for the end is told of it; before, a child that died is nobody's concern.
    this.#control.on('error', () => {})
  }

  /** After the end of `content`. @throws KeeperError; then it is discarded */
  async commit(): Promise<void> {
    const answer = await this.#settle('c')
    if (answer.length === 0) throw new SystemError(constants.errno.ECHILD, 'replace', this.#path)
    const { kind, fields } = decodeFrame(answer)
    if (kind === kinds.ERROR) throw new KeeperError(fields)
  }

  /** Resolves when nothing is left of it. */
  async discard(): Promise<void> {
    this.content.destroy()
    await finished(this.content).catch(() => {
      // It was cut off, and that is what this is for.
    })
    await this.#settle('')
  }

  /** Says the last word, and collects the answer: empty when the child has ended without one. */
  async #settle(order: 'c' | ''): Promise<Buffer> {
    if (this.#control.destroyed) return Buffer.alloc(0)
    const chunks: Buffer[] = []
    this.#control.end(order)
    try {
      for await (const chunk of this.#control) chunks.push(chunk as Buffer)
    } catch {
      // EPIPE or ECONNRESET: it was killed.
    }
    return Buffer.concat(chunks)
  }
}
