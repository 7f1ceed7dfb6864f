// Files into and out of a container, running or stopped. Paths are resolved as the container's root
// would: no link leads out of it.

import { constants, createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { StateError } from '../host/errors.js'
import { KeeperError } from '../keeper/errors.js'
import { onlyKeys, parse } from '../schema/parse.js'
import type { ContainerRecord } from './record.js'

export interface PushOptions {
  /** Permissions of the file, which get it also when it is there already; default 0o644. */
  readonly mode?: number | undefined
  /** Owner inside the container; default root. */
  readonly uid?: number | undefined
  readonly gid?: number | undefined
  /** Makes missing directories above it. */
  readonly mkdirs?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface PullOptions {
  readonly signal?: AbortSignal | undefined
}

/** What can be pushed. */
export type FileSource = string | Uint8Array | AsyncIterable<Uint8Array | string>

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

/** Writes a file, replacing its content. @returns bytes written */
export async function pushFile(
  record: ContainerRecord,
  target: string,
  source: FileSource,
  options: PushOptions = {},
): Promise<number> {
  const checked = parse(path, target, 'push.path')
  onlyKeys(options, ['mode', 'uid', 'gid', 'mkdirs', 'signal'], 'push')
  const { mode, uid, gid, mkdirs } = parse(pushSchema, options, 'push')
  options.signal?.throwIfAborted()
  const keeper = await record.host.keeper()
  const { O_WRONLY, O_CREAT, O_TRUNC } = constants
  const from = typeof source === 'string' || source instanceof Uint8Array ? [source] : source
  const { signal } = options
  return record.withFiles(async (where) => {
    signal?.throwIfAborted()
    const opened = keeper.openFile(where, checked, {
      flags: O_WRONLY | O_CREAT | O_TRUNC,
      mode,
      uid: uid ?? null,
      gid: gid ?? null,
      mkdirs,
    })
    const fd = await opened.catch((error: unknown) => {
      throw fileError(record, error)
    })
    const file = createWriteStream('', { fd })
    await pipeline(Readable.from(from), file, signal === undefined ? {} : { signal })
    return file.bytesWritten
  })
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
  const opened = record.withFiles((where) =>
    keeper.openFile(where, checked, {
      flags: constants.O_RDONLY,
      mode: 0,
      uid: null,
      gid: null,
      mkdirs: false,
    }),
  )
  const fd = await opened.catch((error: unknown) => {
    throw fileError(record, error)
  })
  return createReadStream('', signal === undefined ? { fd } : { fd, signal })
}

// It was running when it was asked for, and ended meanwhile.
function fileError({ name, run }: ContainerRecord, error: unknown): unknown {
  if (!(error instanceof KeeperError)) return error
  if (error.code !== 'ESRCH' && error.code !== 'ERR_CONTAINER_NOT_RUNNING') return error
  return new StateError(name, run.state, 'it ended meanwhile', { cause: error })
}
