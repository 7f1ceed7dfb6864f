// All that a host has for one container, in the kernel, in its state directory and on the pool, as it is
// found there and not as it is remembered: of each a deletion says that it is gone.

import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { logFiles } from './log-files.js'
import { datasetExists } from '../zfs/datasets.js'
import { bootHome } from '../storage/boot-home.js'
import { notifySocket } from './lxc-file.js'
import type { ContainerRecord } from './record.js'

export interface Belonging {
  /** `process` is init: the others are in its cgroups, which stay as long as one of them does. */
  readonly type:
    'process' | 'cgroup' | 'mount' | 'interface' | 'directory' | 'dataset' | 'file' | 'user'
  /** Its path, name or process id. */
  readonly what: string
}

/** What there is now. */
export async function belongingsOf(record: ContainerRecord): Promise<Belonging[]> {
  const { pool, id, host, run } = record
  const keeper = (name: string): string =>
    join(host.paths.stateDir, 'keeper', name, `${pool.name}:${id}`)
  const candidates: Belonging[] = [
    ...(run.initPid === null ? [] : [{ type: 'process' as const, what: String(run.initPid) }]),
    { type: 'interface', what: record.interfaceName },
    ...[record.home, bootHome(record.home)].map((home) => pool.driver.place(home)),
    { type: 'directory', what: host.paths.container(pool.name, id) },
    ...[
      record.file.path,
      ...logFiles(pool, id),
      ...['plans', 'reboots', 'exits'].map(keeper),
      ...[notifySocket(record, record.root)].flatMap((path) => path ?? []),
    ].map((what) => ({ type: 'file' as const, what })),
  ]
  const [cgroups, mounts, there] = await Promise.all([
    cgroupsOf(record),
    mountsOf(record),
    Promise.all(candidates.map(isThere)),
  ])
  return [...cgroups, ...mounts, ...candidates.filter((_, index) => there[index])]
}

/** Those of them that are there still. */
export async function stillThere(all: readonly Belonging[]): Promise<Belonging[]> {
  const there = await Promise.all(all.map(isThere))
  return all.filter((_, index) => there[index])
}

export async function isThere({ type, what }: Belonging): Promise<boolean> {
  if (type === 'process') return await runs(Number(what))
  if (type === 'dataset') return await datasetExists(what)
  const path = type === 'interface' ? join('/sys/class/net', what) : what
  return await lstat(path).then(
    () => true,
    () => false,
  )
}

// Its number may be another one's by now; a zombie has ended.
async function runs(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return /^NSpid:\t\d+\t/m.test(status) && !/^State:\tZ/m.test(status)
}

/** In each hierarchy, with those that liblxc gives a number when the name is taken: `ct.web1-1`. */
async function cgroupsOf({ pool, host, cgroup }: ContainerRecord): Promise<Belonging[]> {
  const name = basename(cgroup)
  const isAnothers = (one: string) => pool.containers.has(one.slice('ct.'.length))
  const found = await Promise.all(
    host.cgroups.hierarchies.map(async ({ mountpoint }) => {
      const directory = join(mountpoint, dirname(cgroup))
      const names = await readdir(directory).catch(() => [])
      return names
        .filter((one) => one === name || (isNumbered(one, name) && !isAnothers(one)))
        .map((one) => ({ type: 'cgroup' as const, what: join(directory, one) }))
    }),
  )
  return found.flat()
}

function isNumbered(name: string, of: string): boolean {
  return name.startsWith(`${of}-`) && /^\d+$/.test(name.slice(of.length + 1))
}

/** In the keeper's mount namespace: there is none between the end of a start and the next one. */
async function mountsOf({ pool, id, host }: ContainerRecord): Promise<Belonging[]> {
  const rootfs = host.paths.rootfs(pool.name, id)
  const mounts = await (await host.keeper()).mounts()
  return mounts
    .filter((path) =>
      ['', '.upper', '.lower', '.dataset', '.userns'].some((part) => path === `${rootfs}${part}`),
    )
    .map((what) => ({ type: 'mount', what }))
}
