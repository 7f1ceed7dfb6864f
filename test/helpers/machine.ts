// What there is on the whole machine, read from /proc, /sys and directories, and which of it is one
// host's: by its names, and by descent from its processes. Nothing is asked of the engine.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Host } from 'vpsadminos'
import { hierarchies } from './hierarchies.js'

const KINDS = ['mnt', 'net', 'user', 'pid', 'ipc', 'uts', 'cgroup'] as const
export type NamespaceKind = (typeof KINDS)[number]
export const namespaceKinds: readonly NamespaceKind[] = KINDS

/** How to know what is one host's. */
export interface Owner {
  /** Parts of paths that nothing else on this machine has. */
  readonly words: readonly string[]
  readonly interfacePrefix: string
  /** What descends from these is the host's, too. */
  readonly roots: readonly number[]
}

/** How to know what is one host's, also when it is no more. */
export function ownerOf(host: Host, keeper: number): Owner {
  const { stateDir, cgroupRoot, interfacePrefix } = host
  const pools = host.pools.list().map(({ path }) => basename(dirname(path)))
  return { words: [basename(stateDir), cgroupRoot, ...pools], interfacePrefix, roots: [keeper] }
}

export interface Task {
  readonly pid: number
  readonly parent: number
  readonly zombie: boolean
  readonly command: string
  readonly cgroups: string
  readonly mounts: string
  /** By kind, such as `net:[4026531840]`. */
  readonly namespaces: ReadonlyMap<NamespaceKind, string>
  /** What each descriptor is of. */
  readonly descriptors: readonly string[]
}

/** All processes. What ends while they are read is left out, or is there in parts. */
export function readTasks(): Task[] {
  const tables = new Map<string, string>()
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = textOf(`/proc/${name}/stat`)
      // The name of a process may hold anything, brackets and blanks too.
      const end = stat.lastIndexOf(')')
      if (end === -1) return []
      const [state, parent] = stat.slice(end + 2).split(' ')
      const namespaces = new Map(
        KINDS.flatMap((kind) => {
          const link = linkOf(`/proc/${name}/ns/${kind}`)
          return link === '' ? [] : [[kind, link] as const]
        }),
      )
      // A zombie has none; a mount namespace need be read only once.
      const namespace = namespaces.get('mnt') ?? ''
      if (!tables.has(namespace)) tables.set(namespace, textOf(`/proc/${name}/mountinfo`))
      return [
        {
          pid: Number(name),
          parent: Number(parent),
          zombie: state === 'Z',
          command: `${stat.slice(stat.indexOf('(') + 1, end)} ${textOf(`/proc/${name}/cmdline`)}`,
          cgroups: textOf(`/proc/${name}/cgroup`),
          mounts: tables.get(namespace) ?? '',
          namespaces,
          descriptors: list(`/proc/${name}/fd`)
            .map((fd) => linkOf(`/proc/${name}/fd/${fd}`))
            .filter((link) => link !== ''),
        },
      ]
    })
}

/** The one above it. */
export function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

export function isNamed(owner: Owner, text: string): boolean {
  return owner.words.some((word) => text.includes(word))
}

/** Those that descend from the host's, and those that its names are found in. */
export function tasksOf(owner: Owner, tasks: readonly Task[]): Task[] {
  const parents = new Map(tasks.map(({ pid, parent }) => [pid, parent]))
  const here = linkOf('/proc/self/ns/mnt')
  const descends = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined; at = parents.get(at)) {
      if (owner.roots.includes(at)) return true
    }
    return false
  }
  return tasks.filter(
    (task) =>
      descends(task.pid) ||
      isNamed(owner, task.command) ||
      isNamed(owner, task.cgroups) ||
      // Others share ours, with what anybody mounts there.
      (task.namespaces.get('mnt') !== here && isNamed(owner, task.mounts)),
  )
}

/** Those of that kind that tasks are in or hold by a descriptor. */
export function namespacesOf(kind: NamespaceKind, tasks: readonly Task[]): string[] {
  const held = tasks.flatMap((task) => [
    task.namespaces.get(kind) ?? '',
    ...task.descriptors.filter((link) => link.startsWith(`${kind}:[`)),
  ])
  return [...new Set(held)].filter((link) => link !== '')
}

/** Mounts in the host's names, in every mount namespace of the machine. */
export function mountsOf(owner: Owner, tasks: readonly Task[]): string[] {
  const tables = new Map(tasks.map((task) => [task.namespaces.get('mnt') ?? '', task.mounts]))
  return [...tables].flatMap(([namespace, table]) =>
    table
      .split('\n')
      .filter((line) => isNamed(owner, line))
      .map((line) => `${namespace} ${line}`),
  )
}

/** In every hierarchy, however deep, and also beside the host's own root. */
export function cgroupsOf(owner: Owner): string[] {
  return hierarchies.flatMap((root) => below(root)).filter((path) => isNamed(owner, path))
}

export function linksOf(owner: Owner): string[] {
  return list('/sys/class/net').filter((name) => name.startsWith(owner.interfacePrefix))
}

/** All of these, a line each: what is left of a host that was closed. */
export function everythingOf(owner: Owner): string[] {
  const tasks = readTasks()
  return [
    ...tasksOf(owner, tasks).map(({ pid, command }) => `process ${pid} ${command}`),
    ...mountsOf(owner, tasks).map((line) => `mount ${line}`),
    ...cgroupsOf(owner).map((path) => `cgroup ${path}`),
    ...linksOf(owner).map((name) => `link ${name}`),
    ...filesOf(owner).map((path) => `file ${path}`),
  ]
}

/** What this process has open. Numbers of sockets and pipes say nothing. */
export function ownDescriptors(): string[] {
  return list('/proc/self/fd')
    .map((fd) => linkOf(`/proc/self/fd/${fd}`).replace(/\d+\]$/, ']'))
    .filter((link) => link !== '' && !link.startsWith('/proc/'))
    .sort()
}

/** Everything in the host's own directories, and what has its names in those of the machine. */
export function filesOf(owner: Owner): string[] {
  const places = ['/run', '/dev/shm', '/tmp', '/var/tmp', '/var/lib/lxc']
  const top = places.flatMap((place) => list(place).map((name) => join(place, name)))
  return [
    ...top.filter((path) => isNamed(owner, path)).flatMap((path) => [path, ...below(path, true)]),
    ...below('/run/lxc', true).filter((path) => isNamed(owner, path)),
    ...below('/run/vpsadminos', true).filter((path) => isNamed(owner, textOf(path))),
  ]
}

/** In bytes, of those that are regular files. */
export function sizeOf(files: readonly string[]): number {
  let size = 0
  for (const path of files) {
    const entry = lstatSync(path, { throwIfNoEntry: false })
    if (entry?.isFile() === true) size += entry.size
  }
  return size
}

// One that goes while we walk must not hide the others.
function below(path: string, files = false): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const child = join(path, entry.name)
      if (entry.isDirectory()) return [child, ...below(child, files)]
      return files ? [child] : []
    })
  } catch {
    return []
  }
}

export function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

export function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
