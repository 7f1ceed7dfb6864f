// A process cannot give away more than it may have: without CAP_SYS_RESOURCE, hard limits end at
// the host's own. What has to be lowered is told, never lowered in silence. Pure.

import { amount, type PrlimitName, type Prlimits, type PrlimitValue } from '../schema/prlimits.js'

/** Hard limits beyond which this host cannot go; a limit that is missing has no bound. */
export type PrlimitBounds = Readonly<Partial<Record<PrlimitName, number>>>

export interface ClampedPrlimit {
  readonly name: string
  readonly wanted: PrlimitValue
  readonly applied: number
}

export function clampPrlimits(
  wanted: Prlimits,
  bounds: PrlimitBounds,
): { prlimits: Prlimits; clamped: ClampedPrlimit[] } {
  const clamped: ClampedPrlimit[] = []
  const prlimits: Prlimits = {}
  for (const [name, { soft, hard }] of Object.entries(wanted)) {
    const bound = bounds[name as PrlimitName] ?? Infinity
    if (amount(hard) > bound) clamped.push({ name, wanted: hard, applied: bound })
    const most = (value: PrlimitValue) => (amount(value) > bound ? bound : value)
    prlimits[name] = { soft: most(soft), hard: most(hard) }
  }
  return { prlimits, clamped }
}

const NAMES: Readonly<Record<string, PrlimitName>> = {
  'Max address space': 'as',
  'Max core file size': 'core',
  'Max cpu time': 'cpu',
  'Max data size': 'data',
  'Max file size': 'fsize',
  'Max locked memory': 'memlock',
  'Max msgqueue size': 'msgqueue',
  'Max nice priority': 'nice',
  'Max open files': 'nofile',
  'Max processes': 'nproc',
  'Max resident set': 'rss',
  'Max realtime priority': 'rtprio',
  'Max realtime timeout': 'rttime',
  'Max pending signals': 'sigpending',
  'Max stack size': 'stack',
}

const CAP_SYS_RESOURCE = 1n << 24n

/**
 * The bounds of a process, from its `/proc/PID/limits` and `/proc/PID/status`.
 *
 * @param nrOpen `fs.nr_open`: not even CAP_SYS_RESOURCE goes beyond it
 */
export function prlimitBounds(limits: string, status: string, nrOpen: number): PrlimitBounds {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const bounds: Partial<Record<PrlimitName, number>> = { nofile: nrOpen }
  if ((effective & CAP_SYS_RESOURCE) !== 0n) return bounds
  for (const [title, name] of Object.entries(NAMES)) {
    const hard = new RegExp(`^${title}\\s+\\S+\\s+(\\d+)`, 'm').exec(limits)?.[1]
    if (hard !== undefined) bounds[name] = Math.min(Number(hard), bounds[name] ?? Infinity)
  }
  return bounds
}
