// How runs ended, as the keeper writes it down: for who had the host not open then.
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostContext } from '../host/context.js'
import { decodeExit } from '../keeper/events.js'
import { Fields } from '../keeper/protocol.js'
import type { Pool } from '../pool/pool.js'
import type { ContainerRecord } from './record.js'
import type { ContainerExit } from './state.js'

const directory = (host: HostContext): string => join(host.paths.stateDir, 'keeper/exits')

/** Of the pool's containers, by their ids. */
export async function lastExits({ host, name }: Pool): Promise<Map<string, ContainerExit>> {
  const exits = new Map<string, ContainerExit>()
  const files = await readdir(directory(host)).catch(() => [])
  for (const file of files.filter((path) => path.startsWith(`${name}:`))) {
    try {
      const exit = decodeExit(new Fields(await readFile(join(directory(host), file))))
      if (exit !== null) exits.set(file.slice(name.length + 1), Object.freeze(exit))
    } catch {
      // It was cut short. Then how it ended is not known.
    }
  }
  return exits
}

export async function forgetExit({ host, name }: Pool, id: string): Promise<void> {
  await rm(join(directory(host), `${name}:${id}`), { force: true })
}

export async function renameExit(
  { host, pool }: ContainerRecord,
  from: string,
  to: string,
): Promise<void> {
  const path = (id: string): string => join(directory(host), `${pool.name}:${id}`)
  await rename(path(from), path(to)).catch(() => undefined)
}
