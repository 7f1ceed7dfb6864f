// Private memory of the process that stays above a container's init.
import { readFileSync } from 'node:fs'

/** In kB; `null` when nothing but the machine's own pid 1 is above init. */
export function monitorMemory(init: number): number | null {
  const status = readFileSync(`/proc/${init}/status`, 'utf8')
  const parent = Number(/^PPid:\t(\d+)$/m.exec(status)?.[1])
  if (parent <= 1) return null
  const rollup = readFileSync(`/proc/${parent}/smaps_rollup`, 'utf8')
  return [...rollup.matchAll(/^Private_(?:Clean|Dirty): *(\d+) kB$/gm)]
    .map(([, size]) => Number(size))
    .reduce((sum, size) => sum + size, 0)
}
