// What a program prints, as far as it is kept.

import { OutputLimitError } from '../host/errors.js'

type StreamName = 'stdout' | 'stderr'

export class Output {
  readonly #maxBuffer: number
  readonly #chunks: Record<StreamName, Buffer[]> = { stdout: [], stderr: [] }

  /** @param maxBuffer bytes of each stream */
  constructor(maxBuffer: number) {
    this.#maxBuffer = maxBuffer
  }

  get stdout(): string {
    return this.bytes('stdout').toString()
  }

  get stderr(): string {
    return this.bytes('stderr').toString()
  }

  bytes(name: StreamName): Buffer {
    return Buffer.concat(this.#chunks[name])
  }

  /** Reads to the end. @throws OutputLimitError */
  async collect(name: StreamName, stream: AsyncIterable<Buffer>): Promise<void> {
    let room = this.#maxBuffer
    for await (const chunk of stream) {
      this.#chunks[name].push(chunk.subarray(0, room))
      if (chunk.length > room) {
        throw new OutputLimitError(name, this.#maxBuffer, this.stdout, this.stderr)
      }
      room -= chunk.length
    }
  }
}
