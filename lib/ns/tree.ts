// Whole directory trees that a container's owner may have filled: removing and copying.
import type { CloneReport, Stop } from '#native'
import { traced } from '../errors.js'
import { native } from '../native.js'
import { onAbort } from '../on-abort.js'

export type { CloneReport } from '#native'

export interface TreeOptions {
  signal?: AbortSignal
}

/**
 * Removes a file or a whole tree; not existing is fine. Follows no link and enters no mount: a mount
 * point in it or at its top rejects with `EXDEV`. Depth and length of paths do not matter.
 */
export async function removeTree(path: string, { signal }: TreeOptions = {}): Promise<void> {
  return traced(stoppable(signal, (stop) => native.ns.removeTree(path, stop)))
}

export interface CloneTreeOptions extends TreeOptions {
  /**
   * Share blocks with the source; rejects with `ENOTSUP` or `EXDEV` where the filesystem cannot.
   * Without it data is copied, in whichever way the kernel finds best.
   */
  reflink?: boolean
}

/**
 * Copies a tree with owners, modes, times, extended attributes, hard links, nodes and holes. `to`
 * must not exist, and does not after a failure or an abort. The top of a mount is meant by `from` with `/.`
 * at its end, which also follows links.
 */
export async function cloneTree(
  from: string,
  to: string,
  { reflink = false, signal }: CloneTreeOptions = {},
): Promise<CloneReport> {
  return traced(stoppable(signal, (stop) => native.ns.cloneTree(from, to, reflink, stop)))
}

/**
 * Writes everything to the disk that the directory's filesystem has not written yet: after thousands of
 * files cheaper than a flush of each, but others' files are written too.
 */
export async function flushFilesystem(directory: string): Promise<void> {
  return traced(native.ns.flushFilesystem(directory))
}

/** Whether files in that directory can share blocks; finds out by doing it. */
export async function canReflink(directory: string): Promise<boolean> {
  return traced(native.ns.canReflink(directory))
}

async function stoppable<T>(
  signal: AbortSignal | undefined,
  work: (stop: Stop | null) => Promise<T>,
): Promise<T> {
  if (signal === undefined) return work(null)
  signal.throwIfAborted()
  const stop = native.ns.newStop()
  const forget = onAbort(signal, () => native.ns.stop(stop))
  try {
    return await work(stop)
  } catch (error) {
    const cancelled = error instanceof Error && 'code' in error && error.code === 'ECANCELED'
    if (cancelled && signal.aborted) throw signal.reason
    throw error
  } finally {
    forget()
    native.ns.stop(stop)
  }
}
