// Who keeps a dataset busy: the kernel says EBUSY and nothing more.

import { readdir, readFile, readlink } from 'node:fs/promises'
import { mountTable } from '../ns/mountinfo.js'
import { isZfsError } from './zfs-error.js'

/** A place where a dataset, or one below it, is mounted. */
export interface Holder {
  /** As the dataset is called that is mounted. */
  readonly dataset: string
  /** Of those in that mount namespace, the oldest. */
  readonly pid: number
  /** What that process calls itself. */
  readonly program: string
  /** The number of the mount namespace, namespaces(7). */
  readonly mountNamespace: number
  /** Where it is mounted, as seen there. */
  readonly path: string
}

/** More say nothing more. */
const MOST = 16
const AT_ONCE = 64

/**
 * In all mount namespaces. Who has a file of it open by a mount that was detached is not among them: the
 * kernel tells of no such mount.
 */
export async function holdersOf(dataset: string): Promise<Holder[]> {
  const holders: Holder[] = []
  for (const [mountNamespace, pid] of await namespaces()) {
    const mounts = await mountTable(`/proc/${pid}/mountinfo`).catch(() => [])
    const of = mounts.filter(
      ({ type, source }) =>
        type === 'zfs' && (source === dataset || source.startsWith(`${dataset}/`)),
    )
    if (of.length === 0) continue
    const program = await programOf(pid)
    for (const { path, source } of of) {
      holders.push({ dataset: source, pid, program, mountNamespace, path })
      if (holders.length === MOST) return holders
    }
  }
  return holders
}

/** Has an EBUSY name who is in the way. @param dataset with all that is below it */
export async function namingHolders<T>(dataset: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isZfsError(error, 'EBUSY')) error.heldBy(await holdersOf(dataset).catch(() => []))
    throw error
  }
}

/** One process of each, the oldest. */
async function namespaces(): Promise<Map<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = new Map<number, number>()
  for (let first = 0; first < pids.length; first += AT_ONCE) {
    const some = pids.slice(first, first + AT_ONCE)
    const links = await Promise.all(
      // It may have ended meanwhile.
      some.map((pid) => readlink(`/proc/${pid}/ns/mnt`).catch(() => '')),
    )
    for (const [index, pid] of some.entries()) {
      const [, number] = /^mnt:\[(\d+)\]$/.exec(links[index] ?? '') ?? []
      if (number === undefined) continue
      const known = found.get(Number(number))
      if (known === undefined || pid < known) found.set(Number(number), pid)
    }
  }
  return found
}

// A guest's process calls itself what it likes.
async function programOf(pid: number): Promise<string> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
  return name.trim().replace(/[^\x20-\x7e]/g, '?')
}
