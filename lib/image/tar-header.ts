// Decodes one 512-byte header block of a tar archive, strictly: what is unclear is refused.

export const BLOCK = 512

/** The type flags that an image may hold. */
export type TarType =
  'file' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo'

/** What a header block says; names are Latin-1 strings, so that every byte stays what it is. */
export interface TarHeader {
  readonly flag: string
  readonly name: string
  readonly link: string
  readonly size: number
  /** GNU's old sparse format: blocks with the map of holes follow. */
  readonly extended: boolean
}

const types: Readonly<Record<string, TarType>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
}

/**
 * The type of an entry, or undefined for flags that only say something about other entries.
 *
 * @param name the whole of it, which may stand in other headers
 */
export function typeOf(flag: string, name: string): TarType | undefined {
  const type = types[flag]
  // Before there was a flag for directories, they were files whose name ends with a slash.
  return type === 'file' && flag !== 'S' && name.endsWith('/') ? 'directory' : type
}

export function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0)
}

/** The header in `block`, or null when it is none. */
export function decodeHeader(block: Buffer): TarHeader | null {
  if (number(block, 148, 8) !== checksum(block)) return null
  const size = number(block, 124, 12)
  if (size === null) return null
  const magic = block.toString('latin1', 257, 265)
  const posix = magic.startsWith('ustar\0')
  const gnu = magic === 'ustar  \0'
  if (!posix && !gnu && !magic.startsWith('\0\0\0\0\0')) return null
  const flag = block.toString('latin1', 156, 157)
  const prefix = posix ? text(block, 345, 155) : ''
  const name = text(block, 0, 100)
  return {
    flag,
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: text(block, 157, 100),
    size,
    extended: flag === 'S' && block[482] !== 0,
  }
}

// The sum of all bytes, those of the field for the sum itself taken as blanks.
function checksum(block: Buffer): number {
  let sum = 8 * 32
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i] ?? 0
  return sum
}

function text(block: Buffer, offset: number, length: number): string {
  const field = block.toString('latin1', offset, offset + length)
  const end = field.indexOf('\0')
  return end === -1 ? field : field.slice(0, end)
}

// Octal digits, or a big-endian binary number when the first bit is set. Null when neither, or when
// the number is negative or cannot be held exactly.
function number(block: Buffer, offset: number, length: number): number | null {
  const first = block[offset] ?? 0
  if (first === 0x80) {
    let value = 0
    for (let i = offset + 1; i < offset + length; i++) value = value * 256 + (block[i] ?? 0)
    return Number.isSafeInteger(value) ? value : null
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(block.toString('latin1', offset, offset + length))?.[1]
  return digits === undefined ? null : parseInt(digits === '' ? '0' : digits, 8)
}
