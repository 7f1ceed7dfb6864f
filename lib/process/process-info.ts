// One process as the engine tells of it.

import type { ContainerRecord } from '../container/record.js'
import { nsIdOf, type IdMap } from '../user/id-map.js'
import type { Row } from './table.js'

/** Which process is meant: its number alone may be another one's by now. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks from the boot of the machine to its start. */
  readonly startTicks: number
}

/** A picture of one moment. What stands in names and commands is the process's own choice. */
export interface ProcessInfo extends ProcessIdentity {
  /** Null for a process of the host. */
  readonly pool: string | null
  /** The id of its container; null for a process of the host. */
  readonly container: string | null
  readonly parentPid: number
  /** As its container counts; null for one of the host, or on its way in. */
  readonly containerPid: number | null
  /** A letter, as in proc_pid_stat(5): `R`, `S`, `D`, `Z`, `T`, … */
  readonly state: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Milliseconds that it ran, for itself and in the kernel. */
  readonly cpuMs: number
  /** Bytes. */
  readonly vmsize: number
  /** Bytes. */
  readonly rss: number
  readonly ruid: number
  readonly euid: number
  readonly rgid: number
  readonly egid: number
  /** In its container; null where that has no such id, and for a process of the host. */
  readonly containerRuid: number | null
  readonly containerEuid: number | null
  readonly containerRgid: number | null
  readonly containerEgid: number | null
  /** At most 15 bytes; threads of the kernel have longer ones. */
  readonly name: string
  /**
   * Its arguments, parted by blanks, cut after 4096 bytes; when all of a list come to 8 MiB, after 256. Empty for what
   * has none: what has ended, and threads of the kernel. Null when it did not come in time.
   */
  readonly command: string | null
}

export const PROCESS_FIELDS = [
  'pool',
  'container',
  'pid',
  'parentPid',
  'containerPid',
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
  'containerRuid',
  'containerEuid',
  'containerRgid',
  'containerEgid',
  'name',
  'command',
] as const satisfies readonly (keyof ProcessInfo)[]

export function processInfo(row: Row, record: ContainerRecord | null): ProcessInfo {
  const inside = (map: IdMap | undefined, id: number): number | null =>
    map === undefined ? null : nsIdOf(map, id)
  const { uidMap, gidMap } = record?.user ?? {}
  return {
    pool: record?.pool.name ?? null,
    container: record?.id ?? null,
    pid: row.pid,
    parentPid: row.parent,
    containerPid: record === null || row.innerPid === 0 ? null : row.innerPid,
    state: String.fromCharCode(row.state),
    startTicks: row.startTicks,
    startedAt: Math.round(row.startedAt),
    cpuMs: row.cpuMs,
    vmsize: row.vmsize,
    rss: row.rss,
    ruid: row.ruid,
    euid: row.euid,
    rgid: row.rgid,
    egid: row.egid,
    containerRuid: inside(uidMap, row.ruid),
    containerEuid: inside(uidMap, row.euid),
    containerRgid: inside(gidMap, row.rgid),
    containerEgid: inside(gidMap, row.egid),
    name: row.name,
    command: row.slow === 0 ? row.command : null,
  }
}
