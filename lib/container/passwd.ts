// /etc/passwd and /etc/group as a guest has written them, which may be in any way. Pure.

/** A line of passwd(5). */
export interface PasswdEntry {
  readonly uid: number
  readonly gid: number
  readonly name: string
  readonly home: string
}

// The last one of 32 bits means "leave it as it is", setresuid(2).
export const ID_MAX = 2 ** 32 - 2

/** The first line with this name or uid, or null. */
export function findUser(passwd: string, user: string | number): PasswdEntry | null {
  for (const line of passwd.split('\n')) {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':')
    if (typeof user === 'number' ? Number(uid) !== user || uid === '' : name !== user) continue
    if (![uid, gid].every((number) => isId(Number(number)))) continue
    return { uid: Number(uid), gid: Number(gid), name, home: home === '' ? '/' : home }
  }
  return null
}

/** The groups that a user is a member of. */
export function groupsOf(group: string, user: string): number[] {
  return group.split('\n').flatMap((line) => {
    const [, , gid = '', members = ''] = line.split(':')
    if (!members.split(',').includes(user) || !isId(Number(gid))) return []
    return [Number(gid)]
  })
}

function isId(number: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= ID_MAX
}
