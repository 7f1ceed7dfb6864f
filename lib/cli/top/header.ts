// What stands above the list: the machine.

import { bytes } from '../humanize.js'
import type { Figures } from './figures.js'
import { wholeOf } from './json.js'
import { plain, type Line } from './line.js'
import { percent } from './numbers.js'

/** The words of proc_pid_stat(5). */
const STATES: Readonly<Record<string, string>> = {
  R: 'running',
  S: 'sleeping',
  D: 'waiting for disks',
  I: 'idle',
  T: 'stopped',
  t: 'traced',
  Z: 'dead',
}

const size = (value: number): string => bytes(Math.round(value))

/** @param wanted whether the I/O of ZFS is */
export function headerOf(figures: Figures, wanted: { readonly iostat: boolean }): Line[] {
  const { now, mode, iostat } = figures
  const { memory } = now
  const a = mode === 'realtime' ? '/s' : ''
  return [
    ...tasksOf(figures),
    entry('CPU', ...cpuOf(figures)),
    entry(
      'Memory',
      `${bytes(memory.total)} total`,
      `${bytes(memory.used)} used`,
      `${bytes(memory.free)} free`,
      `${bytes(memory.buffers)} buffers`,
      `${bytes(memory.cached)} cached`,
    ),
    entry(
      'Swap',
      `${bytes(memory.swapTotal)} total`,
      `${bytes(memory.swapUsed)} used`,
      `${bytes(memory.swapFree)} free`,
    ),
    ...cachesOf(figures, a),
    ...(iostat === null || !wanted.iostat
      ? []
      : [
          entry(
            'ZFS I/O',
            `${size(iostat.readBytes)}${a} read`,
            `${size(iostat.writtenBytes)}${a} written`,
            `${Math.round(iostat.reads)}${a} reads`,
            `${Math.round(iostat.writes)}${a} writes`,
          ),
        ]),
  ]
}

function entry(name: string, ...parts: readonly string[]): Line {
  return [{ text: `${name}:`.padEnd(9), style: 'bold' }, ...plain(parts.join(', '))]
}

function tasksOf({ now: { processes, tasks } }: Figures): Line[] {
  if (processes === null) return []
  const total = Object.values(processes).reduce((sum, number) => sum + number, 0)
  const states = Object.entries(processes)
    .sort(([, a], [, b]) => b - a)
    .map(([letter, number]) => `${number} ${STATES[letter] ?? letter}`)
  return [entry('Tasks', `${total} processes`, `${tasks} with threads`, ...states)]
}

function cpuOf({ cpu }: Figures): string[] {
  const whole = wholeOf(cpu)
  const kinds = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
  return kinds.map((kind) => `${percent(cpu[kind], whole).toFixed(1)}% ${kind}`)
}

function cachesOf({ now: { zfs }, caches }: Figures, a: string): Line[] {
  if (zfs === null) return [entry('ZFS', 'not on this machine')]
  const { arc, l2arc } = zfs
  const rate = (hits: number, misses: number): readonly string[] => [
    `${percent(hits, hits + misses).toFixed(1)}% hits`,
    `${Math.round(misses)}${a} misses`,
  ]
  const lines = [
    entry(
      'ARC',
      `${bytes(arc.cMax)} at most`,
      `${bytes(arc.c)} wanted`,
      `${bytes(arc.size)} used`,
      ...rate(caches.arcHits, caches.arcMisses),
    ),
  ]
  if (l2arc.size > 0) {
    lines.push(
      entry(
        'L2ARC',
        `${bytes(l2arc.size)} used`,
        `${bytes(l2arc.asize)} on disks`,
        ...rate(caches.l2Hits, caches.l2Misses),
      ),
    )
  }
  return lines
}
