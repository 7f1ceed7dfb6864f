// Columns of what containers and groups use: the daemon reads all of them at once, when one is asked for.

import { bytes, microseconds } from './humanize.js'
import type { Column, Thing } from './listing.js'

interface Stats {
  readonly memory: number | null
  readonly memoryLimit: number | null
  readonly swap: number | null
  readonly cpuUs: number | null
  readonly cpuUserUs: number | null
  readonly cpuSystemUs: number | null
  readonly pids: number | null
}

function used(
  name: string,
  of: (stats: Stats) => number | null,
  shown?: (value: number) => string,
): Column {
  return {
    name,
    needs: ['stats'],
    of: ({ stats }: Thing) => (stats === null || stats === undefined ? null : of(stats as Stats)),
    right: true,
    ...(shown === undefined ? {} : { shown }),
  }
}

const US_PER_JIFFY = 10_000 // USER_HZ is 100 on every architecture that Node.js runs on

function jiffies(us: number | null): number | null {
  return us === null ? null : Math.floor(us / US_PER_JIFFY)
}

export const statistics: readonly Column[] = [
  used('memory', ({ memory }) => memory, bytes),
  used('memory_pct', ({ memory, memoryLimit }) =>
    memory === null || memoryLimit === null ? null : Math.round((memory / memoryLimit) * 1000) / 10,
  ),
  used('swap', ({ swap }) => swap, bytes),
  used('cpu_us', ({ cpuUs }) => cpuUs, microseconds),
  used('cpu_user_us', ({ cpuUserUs }) => cpuUserUs, microseconds),
  used('cpu_system_us', ({ cpuSystemUs }) => cpuSystemUs, microseconds),
  used('cpu_hz', ({ cpuUs }) => jiffies(cpuUs)),
  used('cpu_user_hz', ({ cpuUserUs }) => jiffies(cpuUserUs)),
  used('cpu_system_hz', ({ cpuSystemUs }) => jiffies(cpuSystemUs)),
  used('nproc', ({ pids }) => pids),
]
