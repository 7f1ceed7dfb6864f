// Columns of what containers and groups use: the daemon reads those that are asked for, of all at once.

import { bytes, microseconds } from './humanize.js'
import type { Column, Listing, Thing } from './listing.js'
import type { Session } from './session.js'

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
  figures: readonly (keyof Stats)[],
  of: (stats: Stats) => number | null,
  shown?: (value: number) => string,
): Column {
  return {
    name,
    needs: figures.map((figure) => `stats.${figure}`),
    of: ({ stats }: Thing) => (stats === null || stats === undefined ? null : of(stats as Stats)),
    right: true,
    ...(shown === undefined ? {} : { shown }),
  }
}

const PREFIX = 'stats.'

/** Of what a list has to be told, what is read of the kernel; a script picks from all that there are columns of. */
export function askedStatistics(
  { json }: Session,
  { fields }: Listing,
): { readonly stats?: true; readonly figures?: string } {
  const figures = fields.filter((field) => field.startsWith(PREFIX))
  if (figures.length === 0) return {}
  const wanted = json ? statistics.flatMap(({ needs = [] }) => needs) : figures
  const names = new Set(wanted.map((field) => field.slice(PREFIX.length)))
  return { stats: true, figures: [...names].join(',') }
}

/** And what is known without. */
export function askedFields({ json }: Session, { fields }: Listing): { readonly fields?: string } {
  if (json) return {}
  return { fields: fields.filter((field) => !field.startsWith(PREFIX)).join(',') }
}

const US_PER_JIFFY = 10_000 // USER_HZ is 100 on every architecture that Node.js runs on

function jiffies(us: number | null): number | null {
  return us === null ? null : Math.floor(us / US_PER_JIFFY)
}

export const statistics: readonly Column[] = [
  used('memory', ['memory'], ({ memory }) => memory, bytes),
  used('memory_pct', ['memory', 'memoryLimit'], ({ memory, memoryLimit }) =>
    memory === null || memoryLimit === null ? null : Math.round((memory / memoryLimit) * 1000) / 10,
  ),
  used('swap', ['swap'], ({ swap }) => swap, bytes),
  used('cpu_us', ['cpuUs'], ({ cpuUs }) => cpuUs, microseconds),
  used('cpu_user_us', ['cpuUserUs'], ({ cpuUserUs }) => cpuUserUs, microseconds),
  used('cpu_system_us', ['cpuSystemUs'], ({ cpuSystemUs }) => cpuSystemUs, microseconds),
  used('cpu_hz', ['cpuUs'], ({ cpuUs }) => jiffies(cpuUs)),
  used('cpu_user_hz', ['cpuUserUs'], ({ cpuUserUs }) => jiffies(cpuUserUs)),
  used('cpu_system_hz', ['cpuSystemUs'], ({ cpuSystemUs }) => jiffies(cpuSystemUs)),
  used('nproc', ['pids'], ({ pids }) => pids),
]
