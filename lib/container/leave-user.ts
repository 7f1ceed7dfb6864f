// What a container shares with others of its user goes with the last of them that has left.

import type { Group } from '../group/group.js'
import { BusyError } from '../host/errors.js'
import type { Operation } from '../host/operation.js'
import type { Pool } from '../pool/pool.js'
import { unknownIn } from '../pool/strangers.js'
import type { User } from '../user/user.js'
import { done } from '../step.js'

/**
 * For a container that is none of them any more. Somebody may be making another one of them: then it was not the
 * last, and who deletes that one looks again.
 *
 * @param of what it had
 */
export async function leaveUser(
  op: Operation,
  pool: Pool,
  { user, group }: { readonly user: User; readonly group: Group },
): Promise<void> {
  // Looked at each time anew: others are deleted meanwhile, and leave it to who has the user.
  const others = (within: Group | null): boolean => {
    for (const other of pool.containers.values())
      if (other.user === user && (within === null || other.group === within)) return true
    return false
  }
  if (others(group)) return
  try {
    using _user = await op.lock([pool.claim('user', user.name)])
    // What is not done when its host is closed the next import does.
    pool.released.throwIfAborted()
    // They may be of this user, who then stays until the first import that knows of all.
    if (unknownIn(pool).length > 0) return
    if (!others(group)) await pool.host.cgroups.dir(group.userCgroup(user.name)).remove()
    done('leave.cgroups')
    if (!others(null) && !user.standalone) await user.deleteIn(op)
    done('leave.user')
  } catch (error) {
    if (!(error instanceof BusyError)) throw error
  }
}
