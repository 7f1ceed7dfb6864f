// Which host and name a pool was imported as last. Its containers go on when that host is closed, and
// whoever imports the pool as another one would take them for stopped: start them twice, or delete
// what they run on. So they are looked for where they would be, in the cgroup of that pool.
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import type { HostContext } from '../host/context.js'
import { BusyError, PoolFullError } from '../host/errors.js'
import { openFile } from './open-file.js'
import { poolError } from './write-file.js'

const owner = z.object({
  pid: z.number(),
  stateDir: z.string(),
  pool: z.string(),
  cgroup: z.string(),
})

export type Owner = z.output<typeof owner>

/** What the lock's file says; null for a new one, or when it was cut short. */
export async function readOwner(file: FileHandle): Promise<Owner | null> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(16_384), 0, 16_384, 0)
  try {
    const [line = ''] = buffer.toString('utf8', 0, bytesRead).split('\n', 1)
    return owner.parse(JSON.parse(line))
  } catch {
    return null
  }
}

/**
 * Over what is there, which stays where there is no room: with the same owner but for the process, a
 * full pool can be imported again, and so be emptied.
 *
 * @throws PoolFullError when another one had it last
 */
export async function writeOwner(path: string, last: Owner | null, now: Owner): Promise<void> {
  const file = await openFile(path, constants.O_RDWR)
  try {
    const { bytesWritten } = await file.write(`${JSON.stringify(now)}\n`, 0)
    await file.truncate(bytesWritten)
  } catch (cause) {
    const error = poolError(cause, path)
    if (!(error instanceof PoolFullError) || !isSame(last, now)) throw error
  } finally {
    await file.close()
  }
}

function isSame(last: Owner | null, now: Owner): boolean {
  return last?.stateDir === now.stateDir && last.pool === now.pool && last.cgroup === now.cgroup
}

/** @throws BusyError while containers of the pool run in another host, or under another name */
export async function assertNotElsewhere(
  host: HostContext,
  root: string,
  last: Owner | null,
  now: Owner,
): Promise<void> {
  if (last === null || (last.stateDir === now.stateDir && last.pool === now.pool)) return
  const cgroup = host.cgroups.dir(last.cgroup)
  if ((await cgroup.exists()).length === 0) return
  const { length } = await cgroup.procs()
  if (length === 0) return
  const where = `its containers run as pool '${last.pool}' of host '${last.stateDir}'`
  throw new BusyError(`pool '${root}'`, `${where} (${length} processes)`, null)
}
