// Properties as people write them, and as the kernel takes them: a number for what zfsprops(7) gives words
// to. libzfs knows these numbers from the same tables as the kernel, libzfs_core knows none.

import type { ZfsEntry } from '#native'
import { InvalidArgumentError } from '../host/errors.js'

export type PropertyValue = string | number | bigint | boolean

/** Native properties by what they are, or user properties, with a colon in their names. */
export type Properties = Readonly<Record<string, PropertyValue>>

const SWITCH = ['off', 'on']
const WORDS: Readonly<Record<string, readonly string[]>> = {
  atime: SWITCH,
  devices: SWITCH,
  exec: SWITCH,
  readonly: SWITCH,
  relatime: SWITCH,
  setuid: SWITCH,
  zoned: SWITCH,
  canmount: ['off', 'on', 'noauto'],
  snapdir: ['hidden', 'visible', 'disabled'],
  sync: ['standard', 'always', 'disabled'],
  xattr: ['off', 'on', 'sa'],
  acltype: ['off', 'posix', 'nfsv4'],
  primarycache: ['none', 'metadata', 'all'],
  secondarycache: ['none', 'metadata', 'all'],
  logbias: ['latency', 'throughput'],
}
const FAST = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 500, 1000]
// The kernel's enum zio_compress; 0 is "inherit".
const COMPRESSION: Readonly<Record<string, number>> = {
  ...{ on: 1, off: 2, lzjb: 3, gzip: 10, zle: 14, lz4: 15, zstd: 16 },
  ...Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`gzip-${index + 1}`, 5 + index])),
  // A level stands above the seven bits of the algorithm.
  ...Object.fromEntries(
    Array.from({ length: 19 }, (_, index) => [`zstd-${index + 1}`, 16 + (index + 1) * 128]),
  ),
  'zstd-fast': 16 + 103 * 128,
  ...Object.fromEntries(
    FAST.map((level, index) => [`zstd-fast-${level}`, 16 + (103 + index) * 128]),
  ),
}
// Of two names for one, the first.
const COMPRESSED = new Map(
  Object.entries(COMPRESSION)
    .map(([word, number]) => [number, word] as const)
    .reverse(),
)
const SIZES = new Set(['quota', 'refquota', 'refreservation', 'reservation'])
const COUNTS = new Set(['filesystem_limit', 'snapshot_limit', 'copies'])
const TEXTS = new Set(['mountpoint'])

/** Native ones that {@link encodeProperties} knows and that are more than where something is mounted. */
export const SETTABLE: readonly string[] = [
  ...Object.keys(WORDS),
  'compression',
  'recordsize',
  ...SIZES,
  ...COUNTS,
]

/** What has no limit, or no reservation, is 0; a limit of a number of things is the largest number. */
const NO_LIMIT = 2n ** 64n - 1n

/** @throws InvalidArgumentError */
export function encodeProperties(properties: Properties, what: string): ZfsEntry[] {
  return Object.entries(properties).map(([name, value]) => ({
    name,
    value: encode(name, value, `${what}.${name}`),
  }))
}

/** Whether it, and this value of it, is known here. */
export function isSettable(name: string, value: PropertyValue): boolean {
  try {
    encode(name, value, name)
    return true
  } catch {
    return false
  }
}

function encode(name: string, value: PropertyValue, what: string): string | bigint {
  const words = WORDS[name]
  if (isUserProperty(name) || TEXTS.has(name)) {
    if (typeof value === 'string') return value
    throw new InvalidArgumentError(what, 'must be text')
  }
  // OpenZFS 2.3 has another word for it.
  if (name === 'xattr' && value === 'dir') return 1n
  if (words !== undefined) return numberOf(words.indexOf(wordOf(value)), words, what)
  if (name === 'compression') {
    return numberOf(COMPRESSION[wordOf(value)] ?? -1, Object.keys(COMPRESSION), what)
  }
  if (name === 'recordsize') return recordSize(value, what)
  if (SIZES.has(name)) return value === 'none' ? 0n : natural(value, what)
  if (COUNTS.has(name)) return value === 'none' ? NO_LIMIT : natural(value, what)
  throw new InvalidArgumentError(what, 'is no property that can be set here')
}

export function isUserProperty(property: string): boolean {
  return property.includes(':')
}

/** What zfs(8) says for a number of the kernel's; undefined for what is no word, or not known here. */
export function wordFor(property: string, number: bigint): string | undefined {
  if (property === 'compression') return COMPRESSED.get(Number(number))
  // What 1 is called there differs between versions.
  return property === 'xattr' ? undefined : WORDS[property]?.[Number(number)]
}

function wordOf(value: PropertyValue): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
}

function numberOf(number: number, words: readonly string[], what: string): bigint {
  if (number >= 0) return BigInt(number)
  throw new InvalidArgumentError(what, `must be one of ${words.join(', ')}`)
}

// The kernel does not look whether it is a power of two (2.3).
function recordSize(value: PropertyValue, what: string): bigint {
  const size = natural(value, what)
  if (size >= 512n && size <= 2n ** 24n && (size & (size - 1n)) === 0n) return size
  throw new InvalidArgumentError(what, 'must be a power of two, from 512 to 16 MiB')
}

function natural(value: PropertyValue, what: string): bigint {
  if (typeof value === 'bigint' && value >= 0n && value <= NO_LIMIT) return value
  // The kernel says some counts so.
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return natural(BigInt(value), what)
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  throw new InvalidArgumentError(what, "must be a whole number from 0 on, or 'none'")
}
