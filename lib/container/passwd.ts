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
    const ids = { uid: idOf(uid), gid: idOf(gid) }
    if (ids.uid === null || ids.gid === null) continue
    if (typeof user === 'number' ? ids.uid !== user : name !== user) continue
    return { uid: ids.uid, gid: ids.gid, name, home: home === '' ? '/' : home }
  }
  return null
}

/** How many supplementary groups a program is started with at most. */
export const MAX_GROUPS = 256

/** The groups that a user is a member of, the first `MAX_GROUPS`: a guest may name it in any number. */
export function groupsOf(group: string, user: string): number[] {
  const groups = new Set<number>()
  for (const line of group.split('\n')) {
    const [, , gid = '', members = ''] = line.split(':')
    const id = idOf(gid)
    if (id !== null && members.split(',').includes(user)) groups.add(id)
    if (groups.size === MAX_GROUPS) break
  }
  return [...groups]
}

// Decimal digits: Number() would also take nothing at all for 0, which is root.
function idOf(text: string): number | null {
  return /^\d{1,10}$/.test(text) && Number(text) <= ID_MAX ? Number(text) : null
}
