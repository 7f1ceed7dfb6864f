// Everything that is counted, each with the rule that decides over it.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as kernel from './kernel.js'
import * as machine from '../helpers/machine.js'
import type { Owner, Task } from '../helpers/machine.js'

/**
 * - `exact`: at the end there must not be more than before.
 * - a number: what it may grow by in 1,000 rounds, and in a shorter run.
 * - `shown`: decides nothing.
 */
export type Rule = 'exact' | 'shown' | number

export interface Count {
  readonly name: string
  readonly value: number
  readonly rule: Rule
  /** Others on this machine are counted, too. */
  readonly shared: boolean
  /** What was counted, where that can be told. */
  readonly lines: readonly string[]
}

export interface Counted extends Owner {
  readonly keeper: number
  /** The one above a container that runs all the time. */
  readonly monitor: number
}

// Below it nobody would notice; a leak of one in each round makes 1,000.
const FEW = 100
// Caches whose objects say what is left behind. Of the others only their size can be judged.
const TELLING =
  /^(cred|cred_jar|pid|pid_\d+|pid_namespace|user_namespace|uts_namespace|net_namespace|nsproxy|mnt_cache|mem_cgroup|task_struct|signal_cache|sighand_cache|fs_cache|files_cache|mm_struct|posix_timers_cache|key_jar|pde_opener|pool_workqueue)$/

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

export function readCounts(counted: Counted): Count[] {
  const tasks = machine.readTasks()
  const ours = machine.tasksOf(counted, tasks)
  const keeper = tasks.find(({ pid }) => pid === counted.keeper)
  const kept = new Set(keeper?.descriptors.filter((link) => link.startsWith('user:[')))
  return [
    ...named(counted, tasks, ours, kept),
    // At most 2,048. There are more when other hosts of the machine take and give back ids.
    number('keeper: id maps kept', kept.size, FEW),
    ...ofProcess('Node', process.pid, tasks),
    ...ofProcess('keeper', counted.keeper, tasks),
    ...ofProcess('monitor', counted.monitor, tasks),
    ...ofNode(),
    ...memory('keeper', counted.keeper),
    ...memory('monitor', counted.monitor),
    ...ofMachine(tasks),
    ...slab(),
  ]
}

/**
 * All that has the host's names, or descends from it.
 *
 * @param kept namespaces that are held on purpose
 */
function named(
  owner: Owner,
  tasks: readonly Task[],
  ours: readonly Task[],
  kept: ReadonlySet<string>,
): Count[] {
  const files = machine.filesOf(owner)
  return [
    exact(
      'processes',
      ours.map(({ pid, command }) => `${pid} ${command}`),
    ),
    exact(
      'zombies',
      ours.filter(({ zombie }) => zombie).map(({ pid, command }) => `${pid} ${command}`),
    ),
    exact('cgroups', machine.cgroupsOf(owner)),
    exact('mounts', machine.mountsOf(owner, tasks)),
    ...machine.namespaceKinds.map((kind) =>
      exact(
        `namespaces: ${kind}`,
        machine.namespacesOf(kind, ours).filter((link) => !kept.has(link)),
      ),
    ),
    exact('network links', machine.linksOf(owner)),
    exact('files', files),
    grows('kB in files', machine.sizeOf(files) / 1024, 256),
  ]
}

function ofProcess(who: string, pid: number, tasks: readonly Task[]): Count[] {
  const descriptors = tasks.find((task) => task.pid === pid)?.descriptors ?? []
  return [
    exact(
      `${who}: descriptors`,
      // Those of the reading itself are no leak, and id maps are counted apart. Numbers of sockets and pipes say nothing.
      descriptors
        .filter((link) => !/^(\/proc\/|user:)/.test(link))
        .map((link) => link.replace(/\d+\]$/, ']')),
    ),
    exact(
      `${who}: terminals`,
      descriptors.filter((link) => /^\/dev\/(ptmx|pts\/)/.test(link)),
    ),
    exact(
      `${who}: inotify`,
      descriptors.filter((link) => link === 'anon_inode:inotify'),
    ),
    // Node has pools of them that grow up to a bound, by one where more is asked for at the same time.
    number(`${who}: threads`, kernel.threadsOf(pid), who === 'Node' ? 20 : 'exact'),
    number(`${who}: timers`, kernel.timersOf(pid), 'exact'),
  ]
}

function ofNode(): Count[] {
  // What the first run lets go of by a finalizer, the second one collects.
  collectGarbage()
  collectGarbage()
  const { rss, heapUsed, external } = process.memoryUsage()
  return [
    exact('Node: active resources', process.getActiveResourcesInfo()),
    grows('Node: kB resident', rss / 1024, 8192),
    grows('Node: kB of heap', heapUsed / 1024, 1024),
    grows('Node: kB external', external / 1024, 512),
  ]
}

function memory(who: string, pid: number): Count[] {
  const { dirty, pss, anon, heap } = kernel.memoryOf(pid)
  return [
    grows(`${who}: kB private dirty`, dirty, 64),
    grows(`${who}: kB proportional`, pss, 128),
    grows(`${who}: kB anonymous`, anon, 64),
    grows(`${who}: kB of heap`, heap, 64),
  ]
}

function ofMachine(tasks: readonly Task[]): Count[] {
  const dying = kernel.dyingCgroups()
  const all = (name: string, value: number, rule: Rule): Count => ({
    ...number(name, value, rule),
    shared: true,
  })
  return [
    ...machine.namespaceKinds.map((kind) =>
      all(`machine: ${kind} namespaces`, machine.namespacesOf(kind, tasks).length, FEW),
    ),
    all('machine: processes', tasks.length, FEW),
    all('machine: tasks', kernel.tasks(), FEW),
    all('machine: open files', kernel.openFiles(), 2 * FEW),
    all('machine: sockets', kernel.sockets(), FEW),
    all('machine: terminals', kernel.terminals(), FEW),
    all('machine: keys', kernel.keys(), FEW),
    all('machine: links', machine.list('/sys/class/net').length, FEW),
    ...kernel
      .cgroupsByController()
      .map(([name, count]) => all(`machine: ${name} cgroups`, count, FEW)),
    ...(dying === null ? [] : [all('machine: dying cgroups of v2', dying, FEW)]),
    ...kernel
      .memoryFields('SUnreclaim', 'KernelStack', 'Percpu', 'VmallocUsed')
      .map(([name, kb]) => all(`machine: kB ${name}`, kb, 4096)),
    ...kernel
      .memoryFields('Slab', 'SReclaimable', 'Shmem')
      .map(([name, kb]) => all(`machine: kB ${name}`, kb, 'shown')),
  ]
}

function slab(): Count[] {
  return [...kernel.slabCaches()].flatMap(([name, { objects, kb, reclaimable }]) => [
    {
      ...number(`slab: ${name}`, objects, TELLING.test(name) ? 2 * FEW : 'shown'),
      shared: true,
    },
    {
      ...number(`slab: kB ${name}`, kb, reclaimable ? 'shown' : 1024),
      shared: true,
    },
  ])
}

function exact(name: string, lines: readonly string[]): Count {
  return { name, value: lines.length, rule: 'exact', shared: false, lines }
}

function number(name: string, value: number, rule: Rule): Count {
  return { name, value, rule, shared: false, lines: [] }
}

function grows(name: string, value: number, perThousand: number): Count {
  return number(name, value, perThousand)
}
