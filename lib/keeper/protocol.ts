// The keeper's vocabulary and how a frame is laid out; native/keeper/protocol.def.h and
// message.h say the same in C++, and a test holds one against the other.

import { FrameSizeError } from './errors.js'

export const protocolVersion = 7
export const maxFrame = 128 * 1024
export const maxFields = 4096

export const kinds = {
  HELLO: 1,
  START: 2,
  LOOKUP: 3,
  CONTAINERS: 4,
  EXEC: 5,
  SESSIONS: 6,
  SESSION_OPEN: 7,
  SESSION_CLOSE: 8,
  STDIN_CLOSE: 9,
  CONSOLE: 10,
  CONSOLE_CLOSE: 11,
  EDIT: 12,
  OPEN: 13,
  SUBSCRIBE: 14,
  ABORT: 15,
  SHUTDOWN: 16,
  MOUNTS: 17,
  TELL_STATE: 18,
  REPLACE: 19,
  FAULT: 20,
  RENEW: 21,
  RESIZE: 22,
  PLAN: 23,
  MOUNT: 24,
  UNMOUNT: 25,
  REPLY: 100,
  ERROR: 101,
  EVENT: 102,
} as const

export const tags = {
  ITEM: 1,
  VERSION: 2,
  PID: 3,
  EPOCH: 4,
  SEQ: 5,
  TIME: 6,
  ERRNO: 10,
  SYSCALL: 11,
  PATH: 12,
  STEP: 13,
  CODE: 14,
  DETAIL: 15,
  POOL: 20,
  ID: 21,
  LXC_PATH: 22,
  CGROUP: 23,
  SECCOMP_PROFILE: 25,
  NOTIFY_SOCKET: 26,
  LOG_FILE: 27,
  CONSOLE_LOG: 28,
  TIMEOUT_MS: 29,
  INIT_PID: 30,
  STATE: 31,
  MONITOR_PID: 32,
  SECCOMP_FILTER: 33,
  CONFIG: 34,
  NEXT: 35,
  DELEGATED: 36,
  INIT: 37,
  ROOTFS: 40,
  MODE: 41,
  TARGET: 42,
  LOWER: 43,
  UPPER: 44,
  UID_MAP: 45,
  GID_MAP: 46,
  MOUNT: 47,
  ARG: 60,
  ENV: 61,
  CWD: 62,
  UID: 63,
  GID: 64,
  GROUP: 65,
  ROWS: 66,
  COLS: 67,
  STDIN: 68,
  SESSION: 69,
  DONE: 70,
  STATUS: 71,
  TTY: 72,
  STREAMS: 73,
  LINGER_MS: 74,
  OUTPUT: 75,
  ERRORS: 76,
  OP: 80,
  DATA: 81,
  FLAGS: 82,
  FILE_MODE: 83,
  SIZE: 84,
  MKDIRS: 85,
  REQUEST: 86,
  FORCE: 87,
  TYPE: 88,
  REASON: 89,
  FROM: 90,
  TO: 91,
  TIMING: 92,
  FLUSH: 93,
  FD: 94,
  CLIENT: 95,
} as const

export type Kind = keyof typeof kinds
export type Tag = keyof typeof tags
/** What a field may hold on its way out; `null` leaves it out, an array repeats it. */
export type FieldValue =
  string | number | boolean | Uint8Array | readonly (string | Uint8Array)[] | null
export type FieldValues = Partial<Record<Tag, FieldValue>>

const header = 8

// Frames are put together in one place and copied out once: they are many and small.
const scratch = Buffer.allocUnsafe(maxFrame)

class Encoder {
  #end: number
  #fields = 0

  /** @param start where it begins in the scratch space */
  constructor(readonly start: number) {
    this.#end = start
  }

  field(tag: Tag, value: string | number | boolean | Uint8Array): void {
    // The keeper hangs up on a client that sends more.
    if (++this.#fields > maxFields) throw new FrameSizeError(`${maxFields} fields`)
    const at = this.#reserve(header)
    scratch.writeUInt16LE(tags[tag], at)
    scratch.writeUInt16LE(0, at + 2)
    scratch.writeUInt32LE(this.#put(value), at + 4)
  }

  #put(value: string | number | boolean | Uint8Array): number {
    if (typeof value === 'string') {
      // In UTF-8 no character takes more than three bytes per unit of JavaScript's.
      const length = value.length * 3 <= 256 ? value.length * 3 : Buffer.byteLength(value)
      const at = this.#reserve(length)
      const written = scratch.write(value, at)
      this.#end = at + written
      return written
    }
    if (typeof value === 'object') {
      scratch.set(value, this.#reserve(value.length))
      return value.length
    }
    const number = Number(value)
    const at = this.#reserve(8)
    scratch.writeUInt32LE(number % 2 ** 32, at)
    scratch.writeUInt32LE(Math.floor(number / 2 ** 32), at + 4)
    return 8
  }

  #reserve(length: number): number {
    const at = this.#end
    if (at + length > maxFrame) throw new FrameSizeError(`${maxFrame} bytes`)
    this.#end += length
    return at
  }

  fields(values: FieldValues): this {
    for (const tag in values) {
      const value = values[tag as Tag]
      if (value === null || value === undefined) continue
      const items = Array.isArray(value) ? (value as readonly (string | Uint8Array)[]) : [value]
      for (const item of items)
        this.field(tag as Tag, item as Exclude<typeof item, readonly unknown[]>)
    }
    return this
  }

  /** From the beginning of the scratch space on. */
  copy(): Buffer {
    return Buffer.from(scratch.subarray(0, this.#end))
  }
}

/** Fields alone, as they stand in an ITEM. */
export function encodeFields(values: FieldValues): Buffer {
  return new Encoder(0).fields(values).copy()
}

/** @throws FrameSizeError when the frame is larger, or has more fields, than the keeper takes */
export function encodeFrame(kind: Kind, id: number, values: FieldValues | Buffer): Buffer {
  scratch.writeUInt16LE(kinds[kind], 0)
  scratch.writeUInt16LE(0, 2)
  scratch.writeUInt32LE(id, 4)
  if (!Buffer.isBuffer(values)) return new Encoder(header).fields(values).copy()
  return Buffer.concat([scratch.subarray(0, header), values])
}

/** The fields of a frame or of an ITEM. What is missing reads as `''`, `0` or `[]`. */
export class Fields {
  readonly #fields: { tag: number; bytes: Buffer }[] = []

  /** @throws RangeError when the bytes are no fields */
  constructor(bytes: Buffer) {
    for (let at = 0; at < bytes.length;) {
      if (bytes.length - at < header) throw new RangeError('a field is cut short')
      const end = at + header + bytes.readUInt32LE(at + 4)
      if (end > bytes.length) throw new RangeError('a field is cut short')
      this.#fields.push({ tag: bytes.readUInt16LE(at), bytes: bytes.subarray(at + header, end) })
      at = end
    }
  }
  has(tag: Tag): boolean {
    return this.#fields.some((field) => field.tag === tags[tag])
  }
  bytes(tag: Tag): Buffer {
    return this.#fields.find((field) => field.tag === tags[tag])?.bytes ?? Buffer.alloc(0)
  }
  text(tag: Tag): string {
    return this.bytes(tag).toString()
  }
  number(tag: Tag): number {
    const bytes = this.bytes(tag)
    return bytes.length === 8 ? Number(bytes.readBigUInt64LE()) : 0
  }
  texts(tag: Tag): string[] {
    return this.all(tag).map((bytes) => bytes.toString())
  }
  items(): Fields[] {
    return this.all('ITEM').map((bytes) => new Fields(bytes))
  }
  all(tag: Tag): Buffer[] {
    return this.#fields.filter((field) => field.tag === tags[tag]).map((field) => field.bytes)
  }
}

export interface Frame {
  kind: number
  id: number
  fields: Fields
}

/** @throws RangeError when the bytes are no frame */
export function decodeFrame(bytes: Buffer): Frame {
  if (bytes.length < header) throw new RangeError('a frame is cut short')
  return {
    kind: bytes.readUInt16LE(0),
    id: bytes.readUInt32LE(4),
    fields: new Fields(bytes.subarray(header)),
  }
}
