// Who a program inside a container runs as, from the guest's own /etc/passwd and /etc/group. Both
// are the guest's word about the guest: a wrong one only harms itself.

import { InvalidArgumentError } from '../host/errors.js'
import type { Keeper } from '../keeper/keeper.js'
import type { FileTarget } from '../keeper/types.js'

/** A user inside the container. */
export interface Credentials {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
  readonly name: string
  readonly home: string
}

const ROOT: Credentials = { uid: 0, gid: 0, groups: [], name: 'root', home: '/root' }

const LIMIT = 4 * 2 ** 20

/** A name, a uid, or ids as they are. */
export type UserOption =
  | string
  | number
  | { readonly uid: number; readonly gid: number; readonly groups?: readonly number[] }

/**
 * Root needs no look into the guest, and is the default.
 *
 * @throws InvalidArgumentError when the guest has no such user
 */
export async function credentialsOf(
  keeper: Keeper,
  target: FileTarget,
  user: UserOption | undefined,
): Promise<Credentials> {
  if (user === undefined || user === 0 || user === 'root') return ROOT
  if (typeof user === 'object')
    return { ...ROOT, name: String(user.uid), home: '/', groups: [], ...user }
  const [passwd, group] = await keeper.edit(target, [
    { op: 'read', path: '/etc/passwd', limit: LIMIT },
    { op: 'read', path: '/etc/group', limit: LIMIT },
  ])
  const found = findUser(passwd?.data?.toString() ?? '', user)
  if (found === null) {
    if (typeof user === 'number')
      return { uid: user, gid: user, groups: [], name: String(user), home: '/' }
    throw new InvalidArgumentError('exec.user', `the container has no user '${user}'`)
  }
  return { ...found, groups: groupsOf(group?.data?.toString() ?? '', found.name) }
}

function findUser(passwd: string, user: string | number): Omit<Credentials, 'groups'> | null {
  for (const line of passwd.split('\n')) {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':')
    if (typeof user === 'number' ? Number(uid) !== user || uid === '' : name !== user) continue
    return { uid: Number(uid), gid: Number(gid), name, home: home === '' ? '/' : home }
  }
  return null
}

function groupsOf(group: string, user: string): number[] {
  return group.split('\n').flatMap((line) => {
    const [, , gid = '', members = ''] = line.split(':')
    return members.split(',').includes(user) ? [Number(gid)] : []
  })
}
