// The token of a receive that was cut: where its stream goes on. `zfs send -t` takes the same ones.
//
// 1-<checksum>-<size>-<bytes>, in hexadecimal: a packed nvlist of that size, compressed by zlib,
// and the first word of its fletcher4 (get_receive_resume_stats_impl of OpenZFS's dsl_dataset.c).
//
// It is where the receiver has last begun a file or written a block. A stream that goes on begins
// with the file that it is in: cut again before its first block, it leaves a token for all of that
// file (2.3).

import { constants } from 'node:os'
import { inflateSync } from 'node:zlib'
import type { ZfsResult, ZfsResume } from '#native'
import { InvalidArgumentError } from '../host/errors.js'
import { native } from '../native.js'
import { listBookmarks } from './bookmarks.js'
import type { ZfsOptions } from './call.js'
import { listDatasets } from './list.js'
import type { SendOptions } from './send.js'
import { ZfsError } from './zfs-error.js'

export interface ResumeToken {
  /** As its name was where it is sent from. */
  readonly snapshot: string
  readonly guid: bigint
  /** Of what the stream begins at. */
  readonly fromGuid: bigint | null
  readonly resume: ZfsResume
  /** How many have come, of those that make blocks. */
  readonly bytes: bigint
  readonly largeBlocks: boolean
  readonly embedded: boolean
  readonly compressed: boolean
  readonly raw: boolean
}

/** Ready for `sendSnapshot()` and `snapshotStream()`. */
export interface ResumedSend extends Omit<SendOptions, 'signal'> {
  readonly snapshot: string
}

/** `receive_resume_token` of a dataset; null where no receive was cut. @throws ZfsError ENOENT */
export async function readResumeToken(
  dataset: string,
  options: ZfsOptions = {},
): Promise<string | null> {
  const property = 'receive_resume_token'
  const [read] = await listDatasets(dataset, { ...options, depth: 0, properties: [property] })
  const token = read?.properties[property]?.value
  return typeof token === 'string' ? token : null
}

// The kernel's longest value of a property is 8 KiB, ZAP_MAXVALUELEN; this is far more than it
// packs into one.
const MAX_TOKEN = 8192
const MAX_PACKED = 65_536
const FORM = /^([0-9]{1,10})-([0-9a-f]{1,16})-([0-9a-f]{1,16})-((?:[0-9a-f]{2})+)$/

/** @throws InvalidArgumentError what is none, or of another version */
export function decodeResumeToken(token: string): ResumeToken {
  const [, version, checksum = '', size = '', hex = ''] =
    (token.length <= MAX_TOKEN ? FORM.exec(token) : null) ?? refuse('is no resume token')
  if (version !== '1') refuse(`is of version ${version}, which is not known here`)
  const bytes = Buffer.from(hex, 'hex')
  if (checksumOf(bytes) !== BigInt(`0x${checksum}`)) refuse('is damaged: its checksum is another')
  return tokenOf(unpack(bytes, Number.parseInt(size, 16)))
}

/**
 * What to send so that the receive goes on. The snapshot may have another name now, of the same
 * dataset; what the stream begins at may be a bookmark, or of a dataset that this one was cloned
 * from.
 *
 * @throws InvalidArgumentError, or ZfsError ENOENT when the dataset, the snapshot or what the
 *   stream begins at is not there any more
 * @example
 * const { snapshot, ...rest } = await resumedSend(token)
 * const stream = snapshotStream(snapshot, rest)
 */
export async function resumedSend(token: string, options: ZfsOptions = {}): Promise<ResumedSend> {
  const { snapshot, guid, fromGuid, resume, largeBlocks, embedded, compressed, raw } =
    decodeResumeToken(token)
  const dataset = snapshot.replace(/@.*/, '')
  const missing = (which: string, guid: bigint) =>
    new ZfsError(constants.errno.ENOENT, 'resume', snapshot, `no ${which} with guid ${guid}`, [])
  const { snapshots, origin } = await look(dataset, options)
  const found = snapshots.get(guid)
  if (found === undefined) throw missing('snapshot', guid)
  let from: string | null = null
  if (fromGuid !== null) {
    from = snapshots.get(fromGuid) ?? (await bookmarkOf(dataset, fromGuid, options))
    for (let next = origin; from === null && next !== null;) {
      const older = await look(next.replace(/@.*/, ''), options)
      from = older.snapshots.get(fromGuid) ?? null
      next = older.origin
    }
    if (from === null) throw missing('snapshot or bookmark to begin at', fromGuid)
  }
  return { snapshot: found, from, resume, largeBlocks, embedded, compressed, raw }
}

interface Found {
  readonly snapshots: ReadonlyMap<bigint, string>
  readonly origin: string | null
}

async function look(dataset: string, options: ZfsOptions): Promise<Found> {
  const properties = ['guid', 'origin']
  const listed = await listDatasets(dataset, { ...options, depth: 0, snapshots: true, properties })
  const snapshots = new Map<bigint, string>()
  for (const { name, properties } of listed) {
    const guid = properties['guid']?.value
    if (name.includes('@') && typeof guid === 'bigint') snapshots.set(guid, name)
  }
  const origin = listed.find(({ name }) => name === dataset)?.properties['origin']?.value
  return { snapshots, origin: typeof origin === 'string' && origin !== '' ? origin : null }
}

async function bookmarkOf(
  dataset: string,
  guid: bigint,
  options: ZfsOptions,
): Promise<string | null> {
  const bookmarks = await listBookmarks(dataset, options)
  return bookmarks.find((one) => one.guid === guid)?.name ?? null
}

/** Of whole words; the kernel leaves out what is behind them. */
function checksumOf(bytes: Buffer): bigint {
  let sum = 0
  for (let at = 0; at + 4 <= bytes.length; at += 4) sum += bytes.readUInt32LE(at)
  return BigInt(sum)
}

function unpack(bytes: Buffer, size: number): ZfsResult {
  if (!(size > 0 && size <= MAX_PACKED)) refuse(`is of ${size} bytes, which no token has`)
  let packed: Buffer
  try {
    packed = inflateSync(bytes, { maxOutputLength: size })
  } catch (cause) {
    return refuse('does not decompress', cause)
  }
  if (packed.length !== size) refuse('has another size than it says')
  try {
    return native.zfs.unpack(packed)
  } catch (cause) {
    if (cause instanceof ZfsError) return refuse('is no list of values', cause)
    throw cause
  }
}

function tokenOf(result: ZfsResult): ResumeToken {
  const values =
    typeof result === 'object' && result !== null && !Array.isArray(result) ? result : {}
  const number = (name: string): bigint => {
    const value = values[name]
    return typeof value === 'bigint' ? value : refuse(`does not say ${name}`)
  }
  const snapshot = values['toname']
  if (typeof snapshot !== 'string' || !snapshot.includes('@')) return refuse('does not say toname')
  return {
    snapshot,
    guid: number('toguid'),
    fromGuid: 'fromguid' in values ? number('fromguid') || null : null,
    resume: { object: number('object'), offset: number('offset') },
    bytes: number('bytes'),
    largeBlocks: 'largeblockok' in values,
    embedded: 'embedok' in values,
    compressed: 'compressok' in values,
    raw: 'rawok' in values,
  }
}

function refuse(reason: string, cause?: unknown): never {
  throw new InvalidArgumentError('token', reason, { cause })
}
