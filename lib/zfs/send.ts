// A snapshot as a stream of bytes, which receive.ts and `zfs receive` make a snapshot of again:
// whole, or what has changed since another one.

import { closeSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { ZfsResume, ZfsSendFlags } from '#native'
import { openPipe } from '../descriptor-streams.js'
import { traced } from '../errors.js'
import { abandon } from '../abandon.js'
import { native } from '../native.js'
import { onAbort } from '../on-abort.js'
import { call, type ZfsOptions } from './call.js'

/** What of zfs-send(8) is a flag of the kernel's. */
export interface StreamOptions extends Pick<ZfsOptions, 'signal'> {
  /**
   * A snapshot or bookmark that the stream begins at, and that the receiver has: an earlier one of
   * the same dataset, or of one that it was cloned from. Null: the stream is the whole snapshot.
   */
  readonly from?: string | null
  /** Blocks beyond 128 KiB as they are. What was received with them wants them ever after. */
  readonly largeBlocks?: boolean
  /** What fits into a block pointer is sent as such. */
  readonly embedded?: boolean
  /** Compressed as on the disk. */
  readonly compressed?: boolean
  /** As on the disk; of what is encrypted, it needs no key. */
  readonly raw?: boolean
}

export interface SendOptions extends StreamOptions {
  /** Where a stream that was cut goes on: `resumedSend()` finds it. */
  readonly resume?: ZfsResume | null
}

/**
 * Writes the stream into a file, pipe or socket. The caller may close his descriptor at once.
 *
 * With `signal`, nobody waits any more; the call itself ends when it has written all, or when
 * nobody reads from the other end, which is the caller's.
 *
 * @throws ZfsError ENOENT without the snapshot or `from`, ESRCH without a bookmark of that name,
 *   EXDEV where `from` is no ancestor, EACCES without the key, EPIPE when the reader has gone,
 *   EBADF
 */
export async function sendSnapshot(
  snapshot: string,
  fd: number,
  options: SendOptions = {},
): Promise<void> {
  options.signal?.throwIfAborted()
  return traced(abandon(begin(snapshot, fd, options), options.signal))
}

/**
 * The stream, from a pipe that the kernel fills as it is read: until it is read to its end or
 * destroyed, it takes a thread and keeps the process alive. It fails with what `sendSnapshot()`
 * throws, and ends only when all has been sent. When it is destroyed, or `signal` is aborted, the
 * kernel stops.
 *
 * @example
 * await pipeline(snapshotStream('tank/ct/web1@monday', { compressed: true }),
 * createWriteStream(file))
 */
export function snapshotStream(snapshot: string, options: SendOptions = {}): Readable {
  const { signal } = options
  signal?.throwIfAborted()
  const { read, write } = native.zfs.pipe()
  const stream = openPipe(read, 'read')
  try {
    // The end of the pipe is seen only after this is settled: a stream that was cut is none that
    // has ended.
    traced(begin(snapshot, write, options)).catch((error: unknown) => {
      stream.destroy(error as Error)
    })
  } catch (error) {
    stream.destroy()
    throw error
  } finally {
    closeSync(write)
  }
  const forget = onAbort(signal, () => stream.destroy(signal?.reason as Error))
  return stream.once('close', forget)
}

/**
 * How many bytes the stream will have, about: it counts blocks, not what describes them.
 *
 * From a bookmark it has to look at the snapshot's blocks, which takes as long as there are many.
 *
 * @throws ZfsError ENOENT, EXDEV
 */
export async function estimateSend(
  snapshot: string,
  options: StreamOptions & ZfsOptions = {},
): Promise<number> {
  return call(
    `estimate ${snapshot}`,
    () => native.zfs.sendSpace(snapshot, options.from ?? null, flagsOf(options)),
    options,
  )
}

function begin(snapshot: string, fd: number, options: SendOptions): Promise<void> {
  const { from = null, resume = null } = options
  return native.zfs.send(snapshot, from, fd, flagsOf(options), resume)
}

function flagsOf(options: StreamOptions): ZfsSendFlags {
  const { largeBlocks = false, embedded = false, compressed = false, raw = false } = options
  return { largeBlocks, embedded, compressed, raw }
}
