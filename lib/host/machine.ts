// What this machine has, as far as limits are measured by it.

import { readFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'

export interface Machine {
  /** Bytes. */
  readonly memory: number
  /** Bytes. */
  readonly swap: number
  readonly cpus: number
  /** The highest process id that the kernel gives out. */
  readonly pidMax: number
}

export async function machine(): Promise<Machine> {
  const [meminfo, pidMax] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'),
    readFile('/proc/sys/kernel/pid_max', 'utf8'),
  ])
  const swapKiB = /^SwapTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1]
  return {
    memory: totalmem(),
    swap: Number(swapKiB ?? 0) * 1024,
    cpus: cpus().length,
    pidMax: Number(pidMax),
  }
}
