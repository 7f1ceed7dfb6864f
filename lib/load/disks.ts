// What was asked of disks: /proc/diskstats, in Documentation/admin-guide/iostats.rst of the kernel.

import { hasDevice } from './interfaces.js'
import { allCounted, notUnderstood, readSmall } from './small-file.js'

const DISKSTATS = '/proc/diskstats'
const MOST = 4 * 2 ** 20
/** Of any disk, in this file. */
const SECTOR = 512
const FIELDS = 11

export interface Requests {
  readonly readBytes: number
  readonly writtenBytes: number
  readonly reads: number
  readonly writes: number
}

export const NO_REQUESTS: Requests = { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 }

export function sumOf(all: Iterable<Requests>): Requests {
  let sum = NO_REQUESTS
  for (const one of all) {
    sum = {
      readBytes: sum.readBytes + one.readBytes,
      writtenBytes: sum.writtenBytes + one.writtenBytes,
      reads: sum.reads + one.reads,
      writes: sum.writes + one.writes,
    }
  }
  return sum
}

/** Of all disks together: not of their parts, nor of what is made of them. */
export async function readDisks(): Promise<Requests> {
  const all = [...parseDisks(await readSmall(DISKSTATS, MOST))]
  const real = await Promise.all(all.map(([name]) => hasDevice(`/sys/block/${name}`)))
  return sumOf(all.flatMap(([, requests], index) => (real[index] === true ? [requests] : [])))
}

/** By their names, and those of their parts. */
export function parseDisks(text: string): ReadonlyMap<string, Requests> {
  const found = new Map<string, Requests>()
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, , name = '', ...words] = line.trim().split(/ +/)
    const numbers = allCounted(words)
    if (numbers === null || numbers.length < FIELDS) {
      throw notUnderstood(DISKSTATS, line.slice(0, 200))
    }
    const [reads = 0, , readSectors = 0, , writes = 0, , writtenSectors = 0] = numbers
    // A slash of a name is an exclamation mark in sysfs.
    found.set(name.replaceAll('/', '!'), {
      reads,
      readBytes: readSectors * SECTOR,
      writes,
      writtenBytes: writtenSectors * SECTOR,
    })
  }
  return found
}
