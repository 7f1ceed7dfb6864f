// A snapshot out of a stream of bytes, as send.ts and `zfs send` make it.

import { closeSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { openPipe } from '../descriptor-streams.js'
import { traced } from '../errors.js'
import { abandon } from '../abandon.js'
import { native } from '../native.js'
import { onAbort } from '../on-abort.js'
import type { ZfsOptions } from './call.js'
import { encodeProperties, type Properties } from './properties.js'

export interface ReceiveOptions extends Pick<ZfsOptions, 'signal'> {
  /** Of the dataset, as if they came with the stream (`zfs receive -o` sets local ones). */
  readonly properties?: Properties
  /** What the dataset has beyond the snapshot that the stream begins at is lost. */
  readonly force?: boolean
  /** The snapshot that the stream begins at, when the dataset is to be a clone of it. */
  readonly origin?: string | null
  /** What has come stays after a failure, to go on from: `readResumeToken()`. */
  readonly resumable?: boolean
  /** How many bytes of a Readable the kernel has taken. What it throws, the receive fails with. */
  readonly onProgress?: (bytes: number) => void
}

// A pool that is suspended keeps what receives from it, and who gave up is not to wait for an
// administrator.
const LET_GO_MS = 30_000

/**
 * Makes the snapshot, and its dataset where the stream is a whole one. One stream is read and
 * nothing after its end.
 *
 * A Readable of bytes is destroyed when this fails; after a success it is left at the stream's end.
 * Aborted, it is destroyed, too: to the kernel that is the end of the stream, and this rejects when
 * it has let go, at the latest after 30 seconds. A descriptor is the caller's, who may close it at
 * once: `signal` ends the waiting, and the call itself ends when the other end is closed.
 *
 * What was received without `resumable` is gone after a failure: a new dataset is not there, others
 * are as they were, but rolled back with `force`.
 *
 * @param snapshot `pool/dataset@name`, whose parent is there
 * @throws ZfsError ZFS_ERR_STREAM_TRUNCATED when the stream ends too early, also before it has
 *   begun; ECKSUM when it was damaged; EINVAL when it is none, and for what is no name; ENOENT
 *   without the parent, or the dataset when the stream begins at a snapshot; EEXIST when the
 *   dataset or snapshot is there already; ENODEV or ETXTBSY when the dataset is not as the stream
 *   begins; EBUSY while another receive runs, and after one that was cut, which is to go on or be
 *   destroyed. With `failures` and the properties' names, the snapshot has come and these were not
 *   set.
 */
export async function receiveSnapshot(
  snapshot: string,
  source: Readable | number,
  options: ReceiveOptions = {},
): Promise<void> {
  const { force = false, origin = null, resumable = false } = options
  const entries = encodeProperties(options.properties ?? {}, 'properties')
  const begin = (fd: number) =>
    native.zfs.receive(snapshot, entries, { origin, force, resumable }, fd)
  options.signal?.throwIfAborted()
  if (typeof source === 'number') return traced(abandon(begin(source), options.signal))
  return traced(receiveFrom(source, begin, options))
}

async function receiveFrom(
  source: Readable,
  begin: (fd: number) => Promise<void>,
  { signal, onProgress }: ReceiveOptions,
): Promise<void> {
  const { read, write } = native.zfs.pipe()
  const pipe = openPipe(write, 'write')
  // The other end is the kernel's, whose answer says why it has gone.
  pipe.on('error', () => undefined)
  let received: Promise<void>
  try {
    received = begin(read)
  } catch (error) {
    pipe.destroy()
    throw error
  } finally {
    closeSync(read)
  }
  let forget = () => undefined as void
  const cut = { reason: null as unknown, here: false }
  const letGo = new Promise<void>((_resolve, reject) => {
    feed(source, pipe, onProgress).catch(reject)
    forget = onAbort(signal, () => reject(signal?.reason as Error))
  }).catch(async (reason: unknown) => {
    cut.reason = reason
    cut.here = true
    pipe.destroy()
    await setTimeout(LET_GO_MS, null, { ref: false })
    throw reason
  })
  try {
    await Promise.race([received, letGo])
  } catch (error) {
    source.destroy()
    throw cut.here ? cut.reason : error
  } finally {
    forget()
    pipe.destroy()
  }
}

/** Until the source has ended, or nobody takes it any more: then it is left as it is. */
async function feed(
  source: Readable,
  pipe: Socket,
  onProgress: ReceiveOptions['onProgress'],
): Promise<void> {
  let bytes = 0
  const chunks = source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const chunk of chunks) {
    if (!(await isTaken(pipe, chunk))) return
    bytes += chunk.length
    onProgress?.(bytes)
  }
  pipe.end()
}

function isTaken(pipe: Socket, chunk: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    pipe.write(chunk, (error) => {
      resolve((error ?? null) === null && !pipe.destroyed)
    })
  })
}
