// The tree of an overlay as its container sees it, mounted for this process alone and read-only: that may
// be while the container has it mounted, too.

import { join } from 'node:path'
import { Mount } from '../../ns/mount.js'
import type { OpenTree } from '../copy.js'

/** @param lower the image's root */
export async function mergedTree(directory: string, lower: string): Promise<OpenTree> {
  // Without an upper layer, an overlay writes nowhere. Paths of a pool have no colon.
  const lowerdir = `${join(directory, 'upper')}:${lower}`
  const mount = await Mount.create('overlay', { lowerdir }, ['ro', 'nodev', 'nosuid', 'noexec'])
  return {
    path: `/proc/${process.pid}/fd/${mount.fd}/.`,
    [Symbol.asyncDispose]: () => mount.close(),
  }
}
