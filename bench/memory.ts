// The process that stays above a container's init, and its private memory.
import { readFileSync } from 'node:fs'

/** The process above a container's init; `null` when that is the machine's own pid 1. */
export function monitorOf(init: number): number | null {
  const status = readFileSync(`/proc/${init}/status`, 'utf8')
  const parent = Number(/^PPid:\t(\d+)$/m.exec(status)?.[1])
  return parent > 1 ? parent : null
}

/** In kB. */
export function privateMemory(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return [...rollup.matchAll(/^Private_(?:Clean|Dirty): *(\d+) kB$/gm)]
    .map(([, size]) => Number(size))
    .reduce((sum, size) => sum + size, 0)
}
