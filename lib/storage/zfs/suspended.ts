// A zpool that has lost its disks is suspended: with `failmode=wait`, zpoolprops(7), whoever writes to it
// waits in the kernel until an administrator comes, and cannot be killed. Four such waits are all threads that
// Node.js has for files, and one may hold a lock that others want. So it is looked at before.

import { readFileSync } from 'node:fs'
import { PoolSuspendedError } from '../../host/errors.js'

/** @throws PoolSuspendedError */
export function assertNotSuspended(zpool: string): void {
  if (isSuspended(zpool)) throw new PoolSuspendedError(zpool)
}

export function isSuspended(zpool: string): boolean {
  return stateOf(zpool) === 'SUSPENDED'
}

// In memory, never on a disk; and here, as those threads may all wait.
function stateOf(zpool: string): string {
  try {
    return readFileSync(`/proc/spl/kstat/zfs/${zpool}/state`, 'utf8').trim()
  } catch {
    // It is not imported, which what follows finds out by itself.
    return ''
  }
}
