// Files into and out of a container, running or stopped. Paths are resolved as the container's root
// would: no link leads out of it.

import { addAbortSignal, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { abandon } from '../abandon.js'
import { deadline } from '../host/deadline.js'
import { InvalidArgumentError, StateError } from '../host/errors.js'
import { KeeperError } from '../keeper/errors.js'
import { DISCARD_MS, type Replacement } from '../keeper/replacement.js'
import { onlyKeys, parse } from '../schema/parse.js'
import { hostIdOf, type IdMap } from '../user/id-map.js'
import { checkSource, chunksOf, type FileSource } from './file-source.js'
import type { ContainerRecord } from './record.js'

export type { FileSource } from './file-source.js'

export interface PushOptions {
  /** Permissions of the file, which get it also when it is there already; default 0o644. */
  readonly mode?: number | undefined
  /** Owner inside the container; default that of the file which is there, else root. */
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  /** Makes missing directories above it. */
  readonly mkdirs?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PullOptions {
  readonly signal?: AbortSignal | undefined
}

const path = z
  .string()
  .regex(/^\//, 'must be an absolute path inside the container')
  .max(4095, 'must be at most 4095 characters')
  .refine((text) => !text.includes('\0'), 'must not hold NUL')
const id = z.number().int().nonnegative()
const pushSchema = z.object({
  mode: z.number().int().min(0).max(0o7777).default(0o644),
  uid: id.optional(),
  gid: id.optional(),
  mkdirs: z.boolean().default(false),
})

/**
 * Replaces a file, at once: readers see the old content or the new one, and what fails, or is
 * aborted, leaves the old one.
 *
 * Links are followed inside the container, also one that leads to where nothing is yet. The content
 * is written without a name, and gets it at the end. A filesystem that cannot do that has it beside the
 * file, as `.vpsadminos-new-` with 16 digits; such a name stays only when the machine stops in the
 * middle, or the keeper and its children are killed. The file is a new one: those who have the old one open keep it, and its hard links, ACLs and other extended
 * attributes are not carried over. A file that is a mount of its own cannot be renamed over. It is
 * truncated and written as it stands, and a failure leaves a part.
 *
 * @returns bytes written
 */
export async function pushFile(
  record: ContainerRecord,
  target: string,
  source: FileSource,
  options: PushOptions = {},
): Promise<number> {
  const checked = parse(path, target, 'push.path')
  onlyKeys(options, ['mode', 'uid', 'gid', 'mkdirs', 'signal'], 'push')
  const { mode, uid, gid, mkdirs } = parse(pushSchema, options, 'push')
  checkMapped(record.user.uidMap, uid, 'push.uid')
  checkMapped(record.user.gidMap, gid, 'push.gid')
  checkSource(source, 'push.content')
  options.signal?.throwIfAborted()
  const keeper = await record.host.keeper()
  // That the caller gives it up, or that its container or host goes away.
  using ending = deadline('push', Infinity, options.signal, record.gone.signal)
  const { signal } = ending
  // An export ends it.
  using op = record.beside('push', { signal })
  return await record.withFiles(op, async (where) => {
    signal.throwIfAborted()
    const begun = keeper.replaceFile(where, checked, {
      mode,
      uid: uid ?? null,
      gid: gid ?? null,
      mkdirs,
    })
    const replacement = await abandon(begun, signal).catch(async (error: unknown) => {
      const gone = begun.then((late) => late.discard()).catch(() => undefined)
      // One that hangs in a guest's filesystem goes when it can.
      if (signal.aborted) await Promise.race([gone, sleep(DISCARD_MS, undefined, { ref: false })])
      throw signal.aborted ? signal.reason : fileError(record, error, checked, 'push')
    })
    try {
      return await fill(replacement, source, signal)
    } catch (error) {
      const why = await replacement.discard()
      const broken = (error as { code?: unknown }).code === 'EPIPE'
      throw signal.aborted ? signal.reason : broken ? (why ?? error) : error
    }
  })
}

function checkMapped(map: IdMap, id: number | undefined, what: string): void {
  if (id === undefined || hostIdOf(map, id) !== null) return
  throw new InvalidArgumentError(what, `must be an id that the container has, got ${id}`)
}

async function fill(
  replacement: Replacement,
  source: FileSource,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0
  const counted = async function* (): AsyncGenerator<string | Uint8Array> {
    for await (const chunk of chunksOf(source, 'push.content', signal)) {
      bytes += Buffer.byteLength(chunk)
      yield chunk
    }
  }
  await pipeline(counted, replacement.content)
  signal.throwIfAborted()
  await replacement.commit()
  return bytes
}

/** Reads a file; the stream closes it. */
export async function pullFile(
  record: ContainerRecord,
  source: string,
  options: PullOptions = {},
): Promise<Readable> {
  onlyKeys(options, ['signal'], 'pull')
  const { signal } = options
  const checked = parse(path, source, 'pull.path')
  signal?.throwIfAborted()
  const keeper = await record.host.keeper()
  using op = record.beside('pull', { signal })
  const content = await record.withFiles(op, async (where) => {
    const opened = keeper.openFile(where, checked)
    return await abandon(opened, signal).catch((error: unknown) => {
      opened.then((late) => late.destroy()).catch(() => undefined)
      throw signal?.aborted === true ? signal.reason : fileError(record, error, checked, 'pull')
    })
  })
  return signal === undefined ? content : addAbortSignal(signal, content)
}

/** Removes a file, or a link, of which that goes and not what it leads to. */
export async function removeFile(
  record: ContainerRecord,
  target: string,
  options: PullOptions = {},
): Promise<void> {
  onlyKeys(options, ['signal'], 'remove')
  const { signal } = options
  const checked = parse(path, target, 'remove.path')
  signal?.throwIfAborted()
  const keeper = await record.host.keeper()
  using op = await record.besideInPool('remove', { signal })
  const [result] = await record.withFiles(op, async (where) => {
    const removed = keeper.edit(where, [{ op: 'unlink', path: checked }])
    return await abandon(removed, signal).catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : fileError(record, error, checked, 'remove')
    })
  })
  const error = result?.error ?? null
  if (error !== null && (error as { code?: unknown }).code !== 'ENOENT') throw error
}

const typeNames: Record<string, string> = {
  directory: 'a directory',
  character: 'a character device',
  block: 'a block device',
  fifo: 'a FIFO',
  socket: 'a socket',
}

function fileError(
  { name, run }: ContainerRecord,
  error: unknown,
  path: string,
  what: 'push' | 'pull' | 'remove',
): unknown {
  if (!(error instanceof KeeperError)) return error
  if (error.step === 'type') {
    const reason = `'${path}' is ${typeNames[error.detail] ?? error.detail}, not a regular file`
    return new InvalidArgumentError(`${what}.path`, reason, { cause: error })
  }
  // It was running when it was asked for, and ended meanwhile. Files of the guest's processes may say
  // ESRCH, too.
  const ended = error.code === 'ESRCH' && error.step === 'enter'
  if (!ended && error.code !== 'ERR_CONTAINER_NOT_RUNNING') return error
  return new StateError(name, run.state, 'it ended meanwhile', { cause: error })
}
