// How busy the host and its containers are: what the kernel has counted of each until now. Rates are the difference
// of two readings.

import { z } from 'zod'
import { abandon } from '../abandon.js'
import type { CgroupStats } from '../cgroup/cgroups.js'
import type { ContainerRecord } from '../container/record.js'
import type { HostContext } from '../host/context.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { rowsOf } from '../process/table.js'
import { parse } from '../schema/parse.js'
import { bootHome } from '../storage/boot-home.js'
import { readDisks, sumOf, type Requests } from './disks.js'
import {
  otherEnd,
  readInterfaces,
  trafficOfDevices,
  type Interfaces,
  type Traffic,
} from './interfaces.js'
import { readMemory, type MemoryUse } from './memory.js'
import { readCpuTimes, readDemand, type CpuTimes, type Demand } from './processor.js'
import { readCaches, readDatasets, requestsBelow, zpools, type ZfsLoad } from './zfs-load.js'

export interface LoadOptions extends OperationOptions {
  /** Whether it is counted what all processes of the machine do, for which all are looked at; default false. */
  readonly processes?: boolean | undefined
  /** Whether all pools of ZFS are counted, and not those alone that containers are in; default true. */
  readonly iostat?: boolean | undefined
}

const FIGURES = [
  'memory',
  'pids',
  'cpuUs',
  'cpuUserUs',
  'cpuSystemUs',
  'readBytes',
  'writtenBytes',
  'reads',
  'writes',
] as const

/** One that runs. What there is not is null. */
export interface ContainerLoad {
  readonly pool: string
  readonly id: string
  readonly initPid: number | null
  /** Bytes, with the cache of what it has read. */
  readonly memory: number | null
  /** Processes and threads. */
  readonly pids: number | null
  readonly cpuUs: number | null
  readonly cpuUserUs: number | null
  readonly cpuSystemUs: number | null
  /** Of block devices; those that are made of others are counted with these. */
  readonly io: Requests | null
  /** Of its dataset and those below it. */
  readonly zfs: Requests | null
  /** As it sees it: sent by it, received by it. */
  readonly network: Traffic | null
}

export interface HostLoad extends Demand {
  /** Microseconds of the machine's clock that never goes back: the same for whoever asks. */
  readonly atUs: number
  readonly cpu: CpuTimes
  readonly memory: MemoryUse
  /** How many there are in each state, by its letter as in proc_pid_stat(5); null when it was not asked for. */
  readonly processes: Readonly<Record<string, number>> | null
  /** Of disks. */
  readonly io: Requests
  /** Of interfaces with a device behind them. */
  readonly network: Traffic
  /** Null where there is no ZFS. */
  readonly zfs: ZfsLoad | null
  readonly containers: readonly ContainerLoad[]
}

const loadOptions = z.object({ processes: z.boolean(), iostat: z.boolean() })

export async function loadOf(
  host: HostContext,
  records: readonly ContainerRecord[],
  options: LoadOptions,
): Promise<HostLoad> {
  checkOptions(options, 'load', ['processes', 'iostat'])
  const { processes = false, iostat = true } = options
  const wanted = parse(loadOptions, { processes, iostat }, 'load')
  const running = records.filter(({ run }) => run.alive)
  return await abandon(read(host, running, wanted), options.signal)
}

async function read(
  host: HostContext,
  records: readonly ContainerRecord[],
  wanted: z.output<typeof loadOptions>,
): Promise<HostLoad> {
  const [cpu, demand, memory, io, interfaces, zfs, stats, processes] = await Promise.all([
    readCpuTimes(),
    readDemand(),
    readMemory(),
    readDisks(),
    readInterfaces(),
    readZfs(records, wanted.iostat),
    host.cgroups.stats(
      records.map(({ cgroup }) => cgroup),
      FIGURES,
    ),
    wanted.processes ? statesOfProcesses(host) : null,
  ])
  const ours = new Set(records.map(({ interfaceName }) => interfaceName))
  return {
    atUs: Number(process.hrtime.bigint() / 1000n),
    ...demand,
    cpu,
    memory,
    processes,
    io,
    network: await trafficOfDevices(interfaces, ours),
    zfs: zfs.load,
    containers: records.map((record, index) =>
      loadOfOne(record, stats[index], interfaces, zfs.below),
    ),
  }
}

function loadOfOne(
  record: ContainerRecord,
  stats: Pick<CgroupStats, (typeof FIGURES)[number]> | undefined,
  interfaces: Interfaces,
  below: ReadonlyMap<string, Requests>,
): ContainerLoad {
  const traffic = interfaces.get(record.interfaceName)
  const datasets = homesOf(record).flatMap((home) => below.get(home) ?? [])
  return {
    pool: record.pool.name,
    id: record.id,
    initPid: record.run.initPid,
    memory: stats?.memory ?? null,
    pids: stats?.pids ?? null,
    cpuUs: stats?.cpuUs ?? null,
    cpuUserUs: stats?.cpuUserUs ?? null,
    cpuSystemUs: stats?.cpuSystemUs ?? null,
    io: stats === undefined ? null : ioOf(stats),
    zfs: datasets.length === 0 ? null : sumOf(datasets),
    network: traffic === undefined ? null : otherEnd(traffic),
  }
}

function ioOf({
  readBytes,
  writtenBytes,
  reads,
  writes,
}: Pick<CgroupStats, keyof Requests>): Requests | null {
  if (readBytes === null || writtenBytes === null || reads === null || writes === null) return null
  return { readBytes, writtenBytes, reads, writes }
}

async function readZfs(
  records: readonly ContainerRecord[],
  iostat: boolean,
): Promise<{ readonly load: ZfsLoad | null; readonly below: ReadonlyMap<string, Requests> }> {
  const caches = await readCaches()
  if (caches === null) return { load: null, below: new Map() }
  const homes = new Set(records.flatMap(homesOf))
  const own = new Set([...homes].map((home) => home.split('/', 1)[0] ?? home))
  const datasets = await readDatasets(iostat ? await zpools() : own)
  return {
    load: { ...caches, iostat: iostat ? sumOf(datasets.values()) : null },
    below: requestsBelow(homes, datasets),
  }
}

/** Its dataset, and that of a run from an image; none of those that are in a directory. */
function homesOf({ pool, home }: ContainerRecord): string[] {
  return pool.driver.dataset === null ? [] : [home, bootHome(home)]
}

async function statesOfProcesses(host: HostContext): Promise<Record<string, number>> {
  const states: Record<string, number> = {}
  for (const { state } of rowsOf(await host.cgroups.allProcesses([], false, true))) {
    const letter = String.fromCharCode(state)
    states[letter] = (states[letter] ?? 0) + 1
  }
  return states
}
