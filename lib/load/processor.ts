// What processors did, and how many tasks wanted them: /proc/stat and /proc/loadavg, proc(5).

import { allCounted, counted, notUnderstood, readBeginning, readSmall } from './small-file.js'

const STAT = '/proc/stat'
const LOADAVG = '/proc/loadavg'

/** In the order of the file. */
const KINDS = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'irq',
  'softirq',
  'steal',
  'guest',
  'guestNice',
] as const

/** Microseconds since the boot, of all processors together. Those of guests are in `user` and `nice`, too. */
export type CpuTimes = Readonly<Record<(typeof KINDS)[number], number>>

export interface Demand {
  /** Tasks that ran or waited, on average over 1, 5 and 15 minutes. */
  readonly loadavg: readonly [number, number, number]
  /** Processes and threads that there are. */
  readonly tasks: number
}

const US_PER_TICK = 10_000 // USER_HZ is 100 on every architecture that Node.js runs on

export async function readCpuTimes(): Promise<CpuTimes> {
  // All of it has a line for each processor, and a word for each interrupt.
  return parseCpuTimes(await readBeginning(STAT, 1024))
}

export function parseCpuTimes(text: string): CpuTimes {
  const line = text.slice(0, Math.max(text.indexOf('\n'), 0))
  const [name, ...words] = line.trimEnd().split(/ +/)
  const ticks = allCounted(words)
  if (name !== 'cpu' || ticks === null || ticks.length < KINDS.length) {
    throw notUnderstood(STAT, JSON.stringify(text.slice(0, 100)))
  }
  const us = (index: number) => (ticks[index] ?? 0) * US_PER_TICK
  return Object.fromEntries(KINDS.map((kind, index) => [kind, us(index)])) as CpuTimes
}

export async function readDemand(): Promise<Demand> {
  return parseDemand(await readSmall(LOADAVG, 256))
}

export function parseDemand(text: string): Demand {
  const [one, five, fifteen, tasks = ''] = text.split(' ')
  const loadavg = [one, five, fifteen].map((word = '') =>
    /^\d+\.\d\d$/.test(word) ? Number(word) : NaN,
  )
  const all = counted(/^\d+\/(\d+)$/.exec(tasks)?.[1])
  if (all === null || loadavg.some(Number.isNaN)) {
    throw notUnderstood(LOADAVG, JSON.stringify(text.slice(0, 100)))
  }
  return { loadavg: loadavg as [number, number, number], tasks: all }
}
