// Who a program inside a container runs as, from the guest's own /etc/passwd and /etc/group. Both
// are the guest's word about the guest: a wrong one only harms itself.

import { z } from 'zod'
import { SystemError } from '../errors.js'
import { InvalidArgumentError } from '../host/errors.js'
import type { Keeper } from '../keeper/keeper.js'
import type { FileTarget } from '../keeper/types.js'
import { parse } from '../schema/parse.js'
import { findUser, groupsOf, ID_MAX, MAX_GROUPS } from './passwd.js'

/** A user inside the container. */
export interface Credentials {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
  readonly name: string
  readonly home: string
}

const ROOT: Credentials = { uid: 0, gid: 0, groups: [], name: 'root', home: '/root' }

const id = z.number().int('must be a whole number').min(0).max(ID_MAX, 'must be below 2^32 - 1')
const userSchema = z.union(
  [
    z.string().min(1, 'must not be empty'),
    id,
    z.strictObject({ uid: id, gid: id, groups: z.array(id).max(MAX_GROUPS).optional() }),
  ],
  { error: 'must be a name, a uid, or { uid, gid, groups }' },
)

// Answers of the keeper travel in one message.
const LIMIT = 2 ** 16

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
  what: string,
): Promise<Credentials> {
  if (user === undefined || user === 0 || user === 'root') return ROOT
  const wanted = parse(userSchema, user, `${what}.user`)
  if (typeof wanted === 'object') {
    return { name: String(wanted.uid), home: '/', ...wanted, groups: wanted.groups ?? [] }
  }
  const [passwd, group] = await keeper.edit(target, [
    { op: 'read', path: '/etc/passwd', limit: LIMIT },
    { op: 'read', path: '/etc/group', limit: LIMIT },
  ])
  for (const one of [passwd, group]) {
    const error = one?.error
    if (!(error instanceof SystemError) || error.code !== 'EFBIG') continue
    const reason = `cannot be looked up, as ${error.path} is larger than 64 KiB: give uid, gid and groups`
    throw new InvalidArgumentError(`${what}.user`, reason)
  }
  const found = findUser(passwd?.data?.toString() ?? '', wanted)
  if (found === null) {
    if (typeof wanted === 'number')
      return { uid: wanted, gid: wanted, groups: [], name: String(wanted), home: '/' }
    throw new InvalidArgumentError(`${what}.user`, `the container has no user '${wanted}'`)
  }
  return { ...found, groups: groupsOf(group?.data?.toString() ?? '', found.name) }
}
