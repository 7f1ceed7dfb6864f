// The files that liblxc locks while it reads a container's configuration. It makes one for each name
// that it is asked for, in memory, and never removes one.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/** For root, as liblxc has it built in (lxclock.c). */
const DIRECTORY = '/run/lxc/lock'

export function lxcLock(lxcPath: string, id: string): string {
  return join(DIRECTORY, lxcPath, `.${id}`)
}

/**
 * Removes those of all LXC paths at or below a directory. The ones above stay: a start of another host
 * may just be making its own in there.
 */
export async function removeLxcLocks(directory: string): Promise<void> {
  await rm(join(DIRECTORY, directory), { recursive: true, force: true })
}
