// What the native room tells of processes, as rows.

import type { ProcessTable } from '#native'
import { doublesIn } from '../doubles.js'

/** In the order in which they are told. */
const PROCESS_NUMBERS = [
  'pid',
  'parent',
  'innerPid',
  'state',
  'startTicks',
  'startedAt',
  'cpuMs',
  'vmsize',
  'rss',
  'ruid',
  'euid',
  'rgid',
  'egid',
  'cgroup',
  'slow',
] as const

type Numbers = Readonly<Record<(typeof PROCESS_NUMBERS)[number], number>>

export interface Row extends Numbers {
  readonly name: string
  readonly command: string
}

export function rowsOf({ numbers, texts }: ProcessTable): Row[] {
  const all = doublesIn(numbers)
  const rows: Row[] = []
  for (let at = 0; at < all.length; at += PROCESS_NUMBERS.length) {
    const text = (at / PROCESS_NUMBERS.length) * 2
    const number = (index: number): number => all[at + index] ?? 0
    // Written out: so many fields by their names take several times as long.
    rows.push({
      pid: number(0),
      parent: number(1),
      innerPid: number(2),
      state: number(3),
      startTicks: number(4),
      startedAt: number(5),
      cpuMs: number(6),
      vmsize: number(7),
      rss: number(8),
      ruid: number(9),
      euid: number(10),
      rgid: number(11),
      egid: number(12),
      cgroup: number(13),
      slow: number(14),
      name: texts[text] ?? '',
      command: texts[text + 1] ?? '',
    })
  }
  return rows
}
