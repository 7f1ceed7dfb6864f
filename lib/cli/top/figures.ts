// What `ct top` shows of readings: rates between the last two, or sums since the first.

import type { Requests } from '../../load/disks.js'
import type { Traffic } from '../../load/interfaces.js'
import type { ContainerLoad, HostLoad } from '../../load/load.js'
import type { CpuTimes } from '../../load/processor.js'
import { HOST } from '../process-columns.js'
import { nothing, plus, since, times, without, type Numbers } from './numbers.js'

export type Mode = 'realtime' | 'cumulative'

export type Used = Numbers<
  | 'cpuUs'
  | 'cpuUserUs'
  | 'cpuSystemUs'
  | keyof Requests
  | `zfs${Capitalize<keyof Requests>}`
  | 'txBytes'
  | 'txPackets'
  | 'rxBytes'
  | 'rxPackets'
>

/** A container, or the host without its containers. */
export interface Row {
  /** Null for the host. */
  readonly pool: string | null
  readonly id: string
  readonly initPid: number | null
  readonly memory: number | null
  readonly nproc: number | null
  /** A second, or since the beginning. */
  readonly used: Used
  /** Whether it has any datasets that ZFS counts for. */
  readonly zfs: boolean
  readonly network: boolean
}

export interface Figures {
  readonly now: HostLoad
  readonly mode: Mode
  readonly cpu: CpuTimes
  readonly caches: Numbers<'arcHits' | 'arcMisses' | 'l2Hits' | 'l2Misses'>
  /** Null where there is none, or it is not wanted. */
  readonly iostat: Requests | null
  /** The host is the last. */
  readonly rows: readonly Row[]
}

type Counted<Part> = { readonly [Name in keyof Part]: Part[Name] }
type Machine = Counted<{
  cpu: CpuTimes
  caches: Figures['caches']
  iostat: Requests
  used: Used
}>

/** Takes one reading after the other. */
export class Watch {
  #now: HostLoad | null = null
  #seconds = 0
  #meanwhile: Machine | null = null
  #sum: Machine | null = null
  readonly #containers = new Map<string, { before: Used; meanwhile: Used; sum: Used }>()

  take(now: HostLoad): void {
    const before = this.#now
    this.#now = now
    this.#seconds = before === null ? 0 : Math.max(0, (now.atUs - before.atUs) / 1e6)
    const present = new Set(now.containers.map(keyOf))
    for (const key of this.#containers.keys()) if (!present.has(key)) this.#containers.delete(key)
    for (const one of now.containers) this.#takeOne(one)
    const machine = machineOf(now)
    const meanwhile = differenceOf(before === null ? machine : machineOf(before), machine)
    const own = without(
      meanwhile.used,
      now.containers.map((one) => this.#of(one).meanwhile),
    )
    this.#meanwhile = { ...meanwhile, used: own }
    this.#sum = this.#sum === null ? this.#meanwhile : sumOf(this.#sum, this.#meanwhile)
  }

  /** Null before the first reading. */
  figures(mode: Mode): Figures | null {
    const [now, sum, meanwhile] = [this.#now, this.#sum, this.#meanwhile]
    if (now === null || sum === null || meanwhile === null) return null
    const part = mode === 'realtime' ? meanwhile : sum
    const factor = mode === 'cumulative' ? 1 : this.#seconds > 0 ? 1 / this.#seconds : 0
    const rows = now.containers.map((one): Row => {
      const counted = this.#of(one)
      return {
        pool: one.pool,
        id: one.id,
        initPid: one.initPid,
        memory: one.memory,
        nproc: one.pids,
        used: times(mode === 'realtime' ? counted.meanwhile : counted.sum, factor),
        zfs: one.zfs !== null,
        network: one.network !== null,
      }
    })
    return {
      now,
      mode,
      cpu: part.cpu,
      caches: times(part.caches, factor),
      iostat: now.zfs?.iostat == null ? null : times(part.iostat, factor),
      rows: [...rows, hostRow(now, times(part.used, factor))],
    }
  }

  /** What it had used before it was first seen is not known to be of now. */
  #takeOne(one: ContainerLoad): void {
    const now = usedBy(one)
    const known = this.#containers.get(keyOf(one))
    const meanwhile = known === undefined ? nothing(now) : since(known.before, now)
    const sum = known === undefined ? meanwhile : plus(known.sum, meanwhile)
    this.#containers.set(keyOf(one), { before: now, meanwhile, sum })
  }

  #of(one: ContainerLoad): { meanwhile: Used; sum: Used } {
    const counted = this.#containers.get(keyOf(one))
    if (counted === undefined) throw new Error(`${keyOf(one)} was not taken`)
    return counted
  }
}

function keyOf({ pool, id }: ContainerLoad): string {
  return `${pool}:${id}`
}

const NONE: Requests = { readBytes: 0, writtenBytes: 0, reads: 0, writes: 0 }

function usedBy(one: ContainerLoad): Used {
  return {
    cpuUs: one.cpuUs ?? 0,
    cpuUserUs: one.cpuUserUs ?? 0,
    cpuSystemUs: one.cpuSystemUs ?? 0,
    ...(one.io ?? NONE),
    ...ofZfs(one.zfs ?? NONE),
    ...ofNetwork(one.network),
  }
}

function ofZfs({ readBytes, writtenBytes, reads, writes }: Requests) {
  return {
    zfsReadBytes: readBytes,
    zfsWrittenBytes: writtenBytes,
    zfsReads: reads,
    zfsWrites: writes,
  }
}

function ofNetwork(traffic: Traffic | null) {
  return {
    txBytes: traffic?.tx.bytes ?? 0,
    txPackets: traffic?.tx.packets ?? 0,
    rxBytes: traffic?.rx.bytes ?? 0,
    rxPackets: traffic?.rx.packets ?? 0,
  }
}

function machineOf({ cpu, zfs, io, network }: HostLoad): Machine {
  const user = cpu.user + cpu.nice
  const system = cpu.system + cpu.irq + cpu.softirq
  const iostat = zfs?.iostat ?? NONE
  return {
    cpu,
    caches: {
      arcHits: zfs?.arc.hits ?? 0,
      arcMisses: zfs?.arc.misses ?? 0,
      l2Hits: zfs?.l2arc.hits ?? 0,
      l2Misses: zfs?.l2arc.misses ?? 0,
    },
    iostat,
    used: {
      cpuUs: user + system,
      cpuUserUs: user,
      cpuSystemUs: system,
      ...io,
      ...ofZfs(iostat),
      ...ofNetwork(network),
    },
  }
}

/** Some may go back, and none begins anew: time of waiting for disks; what a pool has read that was exported. */
function differenceOf(before: Machine, now: Machine): Machine {
  return {
    cpu: without(now.cpu, [before.cpu]),
    caches: without(now.caches, [before.caches]),
    iostat: without(now.iostat, [before.iostat]),
    used: without(now.used, [before.used]),
  }
}

function sumOf(a: Machine, b: Machine): Machine {
  return {
    cpu: plus(a.cpu, b.cpu),
    caches: plus(a.caches, b.caches),
    iostat: plus(a.iostat, b.iostat),
    used: plus(a.used, b.used),
  }
}

function hostRow({ memory, tasks, containers, zfs }: HostLoad, used: Used): Row {
  const sum = (of: (one: ContainerLoad) => number | null): number =>
    containers.reduce((total, one) => total + (of(one) ?? 0), 0)
  return {
    pool: null,
    id: HOST,
    initPid: null,
    memory: Math.max(0, memory.total - memory.free - sum((one) => one.memory)),
    nproc: Math.max(0, tasks - sum(({ pids }) => pids)),
    used,
    zfs: zfs?.iostat != null,
    network: true,
  }
}
