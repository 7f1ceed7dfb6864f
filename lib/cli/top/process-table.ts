// Processes of one container, as `ct top` lists them.

import type { ProcessInfo } from '../../process/process-info.js'
import { bytes, microseconds } from '../humanize.js'
import { TableView, type TopColumn } from './table-view.js'

export type Process = Pick<
  ProcessInfo,
  | 'pid'
  | 'startTicks'
  | 'containerPid'
  | 'containerEuid'
  | 'euid'
  | 'state'
  | 'cpuMs'
  | 'vmsize'
  | 'rss'
  | 'name'
  | 'command'
>

export const PROCESS_FIELDS: readonly (keyof Process)[] = [
  'pid',
  'startTicks',
  'containerPid',
  'containerEuid',
  'euid',
  'state',
  'cpuMs',
  'vmsize',
  'rss',
  'name',
  'command',
]

export interface ProcessRow extends Process {
  /** Of one processor, since the reading before. */
  readonly cpu: number
}

/** Takes one reading after the other, and tells what each process used meanwhile. */
export class ProcessWatch {
  #before = new Map<string, number>()
  #atMs = 0

  take(processes: readonly Process[], nowMs: number): readonly ProcessRow[] {
    const meanwhile = nowMs - this.#atMs
    const rows = processes.map((one) => {
      const used = one.cpuMs - (this.#before.get(keyOf(one)) ?? one.cpuMs)
      return { ...one, cpu: meanwhile > 0 ? (used / meanwhile) * 100 : 0 }
    })
    this.#before = new Map(processes.map((one) => [keyOf(one), one.cpuMs]))
    this.#atMs = nowMs
    return rows
  }
}

const COLUMNS: readonly TopColumn<ProcessRow>[] = [
  { name: 'PID', width: 8, of: ({ pid }) => pid },
  { name: 'CTPID', width: 8, of: ({ containerPid }) => containerPid },
  // An id that the container has not is that of the host, negated.
  { name: 'User', width: 8, of: ({ containerEuid, euid }) => containerEuid ?? -euid },
  { name: 'S', width: 2, of: ({ state }) => state, left: true },
  { name: 'CPU%', width: 7, of: ({ cpu }) => cpu, shown: (value) => value.toFixed(1) },
  {
    name: 'Time',
    width: 12,
    of: ({ cpuMs }) => cpuMs,
    shown: (value) => microseconds(value * 1000),
  },
  { name: 'VMSize', width: 9, of: ({ vmsize }) => vmsize, shown: bytes },
  { name: 'RSS', width: 9, of: ({ rss }) => rss, shown: bytes },
  { name: 'Command', width: 200, of: commandOf, left: true },
]

export function processTable(): TableView<ProcessRow> {
  return new TableView({ columns: COLUMNS, keyOf, textOf: commandOf, sort: 'CPU%' })
}

function keyOf({ pid, startTicks }: Process): string {
  return `${pid}:${startTicks}`
}

/** A name in brackets for one that has no command line, or did not tell it in time. */
function commandOf({ command, name }: Process): string {
  return command === null || command.trim() === '' ? `[${name}]` : command
}
