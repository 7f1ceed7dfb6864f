// The keeper's vocabulary and how a frame is laid out; native/keeper/protocol.def.h and
// message.h say the same in C++, and a test holds one against the other.

export const protocolVersion = 1
export const maxFrame = 128 * 1024

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
  MONITOR_CGROUP: 24,
  SECCOMP_PROFILE: 25,
  NOTIFY_SOCKET: 26,
  LOG_FILE: 27,
  CONSOLE_LOG: 28,
  TIMEOUT_MS: 29,
  INIT_PID: 30,
  STATE: 31,
  MONITOR_PID: 32,
  SECCOMP_FILTER: 33,
  ROOTFS: 40,
  MODE: 41,
  TARGET: 42,
  LOWER: 43,
  UPPER: 44,
  UID_MAP: 45,
  GID_MAP: 46,
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
} as const

export type Kind = keyof typeof kinds
export type Tag = keyof typeof tags
/** What a field may hold on its way out; `null` leaves it out, an array repeats it. */
export type FieldValue =
  string | number | boolean | Uint8Array | readonly (string | Uint8Array)[] | null
export type FieldValues = Partial<Record<Tag, FieldValue>>

const header = 8

function encodeField(tag: Tag, value: string | number | boolean | Uint8Array): Buffer {
  let bytes: Uint8Array
  if (typeof value === 'string') {
    bytes = Buffer.from(value)
  } else if (typeof value === 'number' || typeof value === 'boolean') {
    const number = Buffer.alloc(8)
    number.writeBigUInt64LE(BigInt(value))
    bytes = number
  } else {
    bytes = value
  }
  const head = Buffer.alloc(header)
  head.writeUInt16LE(tags[tag], 0)
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}

/** Fields alone, as they stand in an ITEM. */
export function encodeFields(values: FieldValues): Buffer {
  const parts: Buffer[] = []
  for (const [tag, value] of Object.entries(values) as [Tag, FieldValue][]) {
    if (value === null) continue
    if (Array.isArray(value)) for (const item of value) parts.push(encodeField(tag, item))
    else parts.push(encodeField(tag, value as string | number | boolean | Uint8Array))
  }
  return Buffer.concat(parts)
}

/** @throws RangeError when the frame is larger than the keeper takes */
export function encodeFrame(kind: Kind, id: number, values: FieldValues): Buffer {
  const head = Buffer.alloc(header)
  head.writeUInt16LE(kinds[kind], 0)
  head.writeUInt32LE(id, 4)
  const frame = Buffer.concat([head, encodeFields(values)])
  if (frame.length > maxFrame) throw new RangeError(`${kind}: ${frame.length} bytes in one frame`)
  return frame
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
