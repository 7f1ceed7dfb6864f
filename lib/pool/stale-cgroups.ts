// Cgroups of groups and users that a pool does not have any more, as when a deletion was cut off.

import { join } from 'node:path'
import { directories } from '../directories.js'
import type { Pool } from './pool.js'

/**
 * Relative to every hierarchy, those that contain others not searched further. None of a pool with files
 * that cannot be read: they may be of a group or user.
 */
export async function staleCgroups(pool: Pool): Promise<readonly string[]> {
  if (pool.broken.length > 0) return []
  const { cgroups } = pool.host
  const groups = new Set([...pool.groups.values()].map(({ cgroup }) => cgroup))
  const stale = new Set<string>()
  const walk = async (mountpoint: string, cgroup: string): Promise<void> => {
    for (const name of await directories(join(mountpoint, cgroup))) {
      const path = join(cgroup, name)
      const user = /^user\.(.+)$/.exec(name)?.[1]
      if (user !== undefined && !pool.users.has(user)) stale.add(path)
      if (!name.startsWith('group.')) continue
      if (groups.has(path)) await walk(mountpoint, path)
      else stale.add(path)
    }
  }
  await Promise.all(cgroups.hierarchies.map(({ mountpoint }) => walk(mountpoint, pool.cgroup)))
  return [...stale]
}
