// A group is a directory with a file in it: found in all of them when a pool is imported, and what is left of others.

import { readdir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { Group } from '../group/group.js'
import { ConfigBrokenError } from '../host/errors.js'
import { groupFile } from '../schema/group.js'
import { groupPath } from '../schema/names.js'
import { ConfigFile } from './config-file.js'
import type { Pool } from './pool.js'
import { skipBroken } from './skip-broken.js'
import { isTemporary } from './write-file.js'

export async function loadGroups(pool: Pool): Promise<void> {
  const load = async (path: string): Promise<void> => {
    const directory = join(pool.layout.conf('group'), path)
    const wrong = whyNoGroup(path)
    const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
      // Its name need not be text.
      if (wrong === null) throw error
      return []
    })
    for (const entry of entries) {
      // Below one that cannot be there is none, and directories may go on for longer than a path can be.
      if (entry.isDirectory() && wrong === null) await load(join(path, entry.name))
      if (entry.name !== 'config.yml') continue
      await skipBroken(pool, join(directory, entry.name), async () => {
        if (wrong !== null) throw new ConfigBrokenError(directory, wrong, null, null)
        const file = new ConfigFile(pool.layout.groupFile(path), groupFile)
        pool.groups.set(path, new Group(path, pool, file, await file.read()))
      })
    }
  }
  await load('/')
}

function whyNoGroup(path: string): string | null {
  const wrong = groupPath.safeParse(path).error?.issues[0]
  return wrong === undefined ? null : `its path as a group ${wrong.message}`
}

/** Directories of groups that never got their file, or have lost it; and files that were not finished. */
export async function removeHalfMade(groups: string, group = '/'): Promise<void> {
  for (const entry of await readdir(join(groups, group), { withFileTypes: true })) {
    const below = join(group, entry.name)
    const path = join(groups, below)
    if (isTemporary(entry.name) && entry.isFile()) await unlink(path)
    // What no group can be is not ours.
    if (!entry.isDirectory() || whyNoGroup(below) !== null) continue
    await removeHalfMade(groups, below)
    if ((await readdir(path)).length === 0) await rmdir(path)
  }
}
