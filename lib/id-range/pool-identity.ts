// Which pool a list of taken ids is of, and whether there is such a pool still. That is on the pool's disk,
// which may not answer: then nobody waits for it, and it counts as there.

import { abandon } from '../abandon.js'
import { deadline } from '../host/deadline.js'
import { readFile } from '../pool/open-file.js'
import { isSuspended } from '../storage/zfs/suspended.js'

/** It is gone as soon as `marker` is another pool's or is not there. */
export interface PoolIdentity {
  readonly path: string
  readonly marker: string
  readonly uuid: string
  /** Null for a pool in a directory. */
  readonly zpool: string | null
}

interface Reading {
  readonly text: Promise<string>
  /** Nobody waits for it any more. */
  late: boolean
}

/** For a file of a few lines, which is read often. */
const READ_MS = 1000

// One at a time: a disk that does not answer keeps one of the few threads that Node.js has for files.
const readings = new Map<string, Reading>()

export async function isGone({ marker, uuid, zpool }: PoolIdentity): Promise<boolean> {
  if (zpool !== null && isSuspended(zpool)) return false
  const reading = readings.get(marker) ?? read(marker)
  if (reading.late) return false
  using limit = deadline(`reading of ${marker}`, READ_MS)
  try {
    return !(await abandon(reading.text, limit.signal)).includes(uuid)
  } catch (error) {
    reading.late = limit.signal.aborted
    return isMissing(error)
  }
}

function read(marker: string): Reading {
  const text = readFile(marker).finally(() => readings.delete(marker))
  const reading = { text, late: false }
  readings.set(marker, reading)
  return reading
}

// Whatever else is wrong with it, it is there.
function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ENOENT' || error.code === 'ENOTDIR')
  )
}
