// What is typed at a console: keys for the container, and those that are for us.

import type { Size } from './terminal.js'

export interface Typed {
  readonly input: Buffer
  readonly size: Size | null
  /** It is to be left. */
  readonly over: boolean
}

export interface KeyReader {
  take(bytes: Buffer): Typed
}

const CTRL_A = 1
const Q = 'q'.charCodeAt(0)

/** Ctrl-a q leaves; Ctrl-a Ctrl-a is Ctrl-a. */
class WithDetach implements KeyReader {
  #prefix = false

  take(bytes: Buffer): Typed {
    const input: number[] = []
    for (const byte of bytes) {
      if (!this.#prefix && byte === CTRL_A) {
        this.#prefix = true
        continue
      }
      if (this.#prefix && byte === Q) return { input: Buffer.from(input), size: null, over: true }
      if (this.#prefix && byte !== CTRL_A) input.push(CTRL_A)
      input.push(byte)
      this.#prefix = false
    }
    return { input: Buffer.from(input), size: null, over: false }
  }
}

/** A line of JSON each, for programs: `keys` in base64, `rows` and `cols`. */
class OfJson implements KeyReader {
  #rest = ''

  take(bytes: Buffer): Typed {
    const lines = (this.#rest + bytes.toString()).split('\n')
    this.#rest = lines.pop() ?? ''
    const inputs: Buffer[] = []
    let size: Size | null = null
    for (const line of lines.filter((text) => text.trim() !== '')) {
      const { keys, rows, cols } = JSON.parse(line) as { keys?: string } & Partial<Size>
      if (keys !== undefined) inputs.push(Buffer.from(keys, 'base64'))
      if (rows !== undefined && cols !== undefined) size = { rows, cols }
    }
    return { input: Buffer.concat(inputs), size, over: false }
  }
}

export const keyReaders = {
  plain: (): KeyReader => ({ take: (input) => ({ input, size: null, over: false }) }),
  withDetach: (): KeyReader => new WithDetach(),
  ofJson: (): KeyReader => new OfJson(),
}
