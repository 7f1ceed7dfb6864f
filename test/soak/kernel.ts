// Figures that the kernel keeps of the whole machine: memory of its own, and how many there are of
// what. Others who work on it are in them.
import { existsSync } from 'node:fs'
import { hierarchies } from '../helpers/hierarchies.js'
import { list, textOf } from '../helpers/machine.js'

export interface SlabCache {
  readonly objects: number
  readonly kb: number
  /** The kernel gives it back when memory is short, and has no reason to do so before. */
  readonly reclaimable: boolean
}

const PAGE_KB = 4

/** By name; of caches that the kernel has merged, the first one's. Empty where it is not told. */
export function slabCaches(): Map<string, SlabCache> {
  const caches = textOf('/proc/slabinfo')
    .split('\n')
    .slice(2)
    .map((line) => line.split(/\s+/))
    .filter((fields) => fields.length > 14)
    .map((fields): [string, SlabCache] => {
      const name = fields[0] ?? ''
      const kb = Number(fields[14]) * Number(fields[5]) * PAGE_KB
      return [name, { objects: Number(fields[1]), kb, reclaimable: isReclaimable(name) }]
    })
  return new Map(caches)
}

const reclaimable = new Map<string, boolean>()

function isReclaimable(cache: string): boolean {
  const known = reclaimable.get(cache)
  if (known !== undefined) return known
  const answer = textOf(`/sys/kernel/slab/${cache}/reclaim_account`).trim() === '1'
  reclaimable.set(cache, answer)
  return answer
}

/** In kB. */
export function memoryFields(...names: string[]): [string, number][] {
  const text = textOf('/proc/meminfo')
  return names.flatMap((name) => {
    const found = new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)
    return found === null ? [] : [[name, Number(found[1])]]
  })
}

/** Removed ones that something in the kernel still holds are among them. */
export function cgroupsByController(): [string, number][] {
  return textOf('/proc/cgroups')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((fields) => fields.length > 3 && fields[1] !== '0')
    .map((fields) => [fields[0] ?? '', Number(fields[2])])
}

/** Removed ones of cgroup v2; null where there is none. */
export function dyingCgroups(): number | null {
  const root = hierarchies.find((path) => existsSync(`${path}/cgroup.stat`))
  if (root === undefined) return null
  return Number(/^nr_dying_descendants (\d+)$/m.exec(textOf(`${root}/cgroup.stat`))?.[1])
}

export function openFiles(): number {
  return Number(textOf('/proc/sys/fs/file-nr').split('\t')[0])
}

export function terminals(): number {
  return Number(textOf('/proc/sys/kernel/pty/nr'))
}

/** Of all users. */
export function keys(): number {
  return textOf('/proc/key-users')
    .split('\n')
    .map((line) => Number(/(\d+)\/\d+ /.exec(line)?.[1] ?? 0))
    .reduce((sum, count) => sum + count, 0)
}

export function sockets(): number {
  return Number(/^sockets: used (\d+)$/m.exec(textOf('/proc/net/sockstat'))?.[1])
}

/** Processes and threads. */
export function tasks(): number {
  return Number(/\/(\d+) /.exec(textOf('/proc/loadavg'))?.[1])
}

/** Memory of a process in kB, and of its heap alone. */
export function memoryOf(pid: number): { dirty: number; pss: number; anon: number; heap: number } {
  const rollup = textOf(`/proc/${pid}/smaps_rollup`)
  const field = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(rollup)?.[1])
  const heap = /^[0-9a-f-]+ .*\[heap\]\nSize: +(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps`))
  return {
    dirty: field('Private_Dirty'),
    pss: field('Pss'),
    anon: field('Anonymous'),
    heap: Number(heap?.[1] ?? 0),
  }
}

/** POSIX timers of a process. */
export function timersOf(pid: number): number {
  return textOf(`/proc/${pid}/timers`)
    .split('\n')
    .filter((line) => line.startsWith('ID:')).length
}

export function threadsOf(pid: number): number {
  return list(`/proc/${pid}/task`).length
}
