// A keeper outlives whoever has started it, and so it may be an older program than the one that is
// installed now. It goes on as that one: the same process, with its containers, sessions and clients.

import { open, readFile, stat } from 'node:fs/promises'
import type { Connection } from './connection.js'
import type { Fields } from './protocol.js'
import { keeperProgram } from './spawn.js'

/** Whether the keeper is the program that this library would start; true where that cannot be told. */
export async function isCurrent(pid: number): Promise<boolean> {
  try {
    const running = `/proc/${pid}/exe`
    const installed = keeperProgram()
    const [a, b] = await Promise.all([stat(running), stat(installed)])
    if (a.size !== b.size) return false
    const [theirs, ours] = await Promise.all([readFile(running), readFile(installed)])
    return theirs.equals(ours)
  } catch {
    return true
  }
}

/**
 * Has the keeper become that program.
 *
 * @returns what it says to a client that comes
 * @throws KeeperError ERR_KEEPER_RENEWAL, and it has stayed what it was; ENOSYS of one that is too old
 */
export async function renew(connection: Connection): Promise<Fields> {
  await using program = await open(keeperProgram())
  return (await connection.request('RENEW', {}, undefined, [program.fd])).fields
}
