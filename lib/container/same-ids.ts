// Datasets in a container's own hands bind it to its ids: what it has mounted itself has the host's on the disk.

import { isDeepStrictEqual } from 'node:util'
import { UnsupportedError } from '../host/errors.js'
import type { User } from '../user/user.js'
import type { ContainerRecord } from './record.js'
import { isDelegatedTo } from './zfs-device.js'

/**
 * @param what it would be with the ids of that user
 * @throws UnsupportedError
 */
export function assertSameIds(
  { config, user: own }: ContainerRecord,
  user: User,
  what: string,
): void {
  const maps = ({ uidMap, gidMap }: User) => ({ uidMap, gidMap })
  if (!isDelegatedTo(config) || isDeepStrictEqual(maps(own), maps(user))) return
  throw new UnsupportedError(
    what,
    `its delegated datasets have the ids of user '${own.name}' on the disk`,
  )
}
