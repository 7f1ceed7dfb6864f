// What goes over a connection that carries a program or a console: frames of a letter, a length and bytes.

import type { Duplex } from 'node:stream'
import { InvalidArgumentError } from '../host/errors.js'

/** A letter and how many bytes follow, big-endian. */
const HEADER = 5
/** The longest that a client may send: a program with its arguments. */
export const MAX_FRAME = 256 * 1024

/** What clients send. */
export const ASKED = {
  /** A program: JSON. */
  begin: 'b',
  input: 'i',
  /** Of the input. */
  end: 'e',
  /** JSON: `rows`, `cols`. */
  window: 'w',
  /** Its name. */
  signal: 's',
} as const

/** What they are told. */
export const TOLD = {
  /** JSON: `session`, `pid`, `tty`; of a console: an empty object. */
  begun: 'B',
  stdout: 'O',
  stderr: 'E',
  /** Output of a console: two bytes of length, as much JSON, which is where one stands after it, and the output. */
  console: 'C',
  /** How many bytes of input the program has: eight bytes. */
  taken: 'T',
  /** Empty: input waits, as the program does not read. */
  waits: 'W',
  /** Empty: the daemon ends, and has said all that it has read of the output. Without it some may be missing. */
  detached: 'D',
  /** JSON, how it ended: the last. */
  exit: 'X',
  /** JSON, what is wrong: the last. */
  error: 'F',
} as const

export interface Frame {
  readonly kind: string
  readonly bytes: Buffer
}

export function frame(kind: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(HEADER)
  header.write(kind, 0, 'latin1')
  header.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([header, bytes])
}

/** Cuts a stream of bytes into frames. */
export class FrameCutter {
  #rest: Buffer = Buffer.alloc(0)

  /** @throws InvalidArgumentError for one that is too long */
  cut(bytes: Buffer): readonly Frame[] {
    const frames: Frame[] = []
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#rest.length >= HEADER) {
      const length = this.#rest.readUInt32BE(1)
      if (length > MAX_FRAME)
        throw new InvalidArgumentError('frame', `must be at most ${MAX_FRAME} bytes`)
      if (this.#rest.length < HEADER + length) break
      frames.push({
        kind: this.#rest.toString('latin1', 0, 1),
        bytes: this.#rest.subarray(HEADER, HEADER + length),
      })
      this.#rest = this.#rest.subarray(HEADER + length)
    }
    return frames
  }
}

/** The daemon's end of such a connection. */
export class Wire {
  readonly #socket: Duplex

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** False when the client does not read as fast; `whenDrained()` then. */
  send(kind: string, bytes: Buffer): boolean {
    return this.#socket.writable ? this.#socket.write(frame(kind, bytes)) : true
  }

  json(kind: string, value: unknown): boolean {
    return this.send(kind, Buffer.from(JSON.stringify(value)))
  }

  /** Not for one that has gone: nothing is read for it any more. */
  whenDrained(then: () => void): void {
    this.#socket.once('drain', then)
  }
}
