// The LXC configuration of a container. Pure: the same input always gives the same text, so that
// the file is written only when something changed. Nothing in it runs a program on the host: no
// hooks, no scripts, no included files.

import { InvalidArgumentError } from '../host/errors.js'
import type { Cgparam } from '../schema/cgparam.js'
import type { Prlimits } from '../schema/prlimits.js'
import type { IdMap } from '../user/id-map.js'
import { signalsOf, type InitKind } from './init.js'

/** The one interface of a container. */
export interface LxcNetif {
  readonly link: string
  readonly name: string
  readonly hwaddr: string | null
  /** The host's end. */
  readonly pair: string
}

/** A node of the host. */
export interface HostDevice {
  readonly path: string
  /** As cgroups have it: `c 10:249 rw`. */
  readonly rule: string
}

export interface LxcConfigInput {
  readonly hostname: string
  readonly arch: string
  /** Where the keeper mounts the rootfs. */
  readonly rootfs: string
  readonly uidMap: IdMap
  readonly gidMap: IdMap
  readonly init: InitKind
  readonly initCmd: readonly string[]
  /** It is started for programs alone: `init` is what it would have otherwise. */
  readonly programRun: boolean
  readonly cgroup: {
    /** Relative to every hierarchy: the directory with the limits. */
    readonly container: string
    readonly monitor: string
    readonly pivot: string
  }
  /** Which version has the controllers: 1 also on hybrid hosts. */
  readonly cgroupVersion: 1 | 2
  /** Of both versions; the other one's are left out. */
  readonly cgparams: readonly Cgparam[]
  readonly prlimits: Prlimits
  readonly seccompProfile: string
  /** Null where the kernel has no AppArmor. */
  readonly apparmorProfile: string | null
  /** What this kernel has of `MASKED`: to try the others takes time in every start. */
  readonly masked: readonly string[]
  readonly netif: LxcNetif | null
  /** Where the keeper has left its further datasets, and where the container is to see them. */
  readonly mounts: readonly { readonly source: string; readonly at: string }[]
  /** More than every container has. */
  readonly devices: readonly HostDevice[]
  readonly nesting: boolean
  readonly logFile: string
  readonly consoleLog: string
  /** The socket that tells readiness, for inits that use one. */
  readonly notifySocket: string | null
  readonly rawLxc: string
}

/** Opening a device node that is not here fails, whoever made the node. */
const DEVICES = [
  'c *:* m',
  'b *:* m',
  'c 1:3 rwm', // null
  'c 1:5 rwm', // zero
  'c 1:7 rwm', // full
  'c 1:8 rwm', // random
  'c 1:9 rwm', // urandom
  'c 5:0 rwm', // tty
  'c 5:1 rwm', // console
  'c 5:2 rwm', // ptmx
  'c 136:* rwm', // pts
]

/** Loading modules, raw I/O, clocks, the kernel's log, and security modules of the host. */
const DROPPED_CAPABILITIES = [
  'mac_admin',
  'mac_override',
  'sys_module',
  'sys_rawio',
  'sys_time',
  'syslog',
  'wake_alarm',
]

// Files and directories that tell about the host. /proc/sys and /proc/sysrq-trigger are made
// read-only by proc:mixed, /sys by sys:mixed.
const MASKED_FILES = ['proc/kcore', 'proc/keys', 'proc/latency_stats', 'proc/timer_list']
const MASKED_DIRECTORIES = ['proc/acpi', 'proc/asound', 'proc/scsi', 'sys/firmware']

export const MASKED: readonly string[] = [...MASKED_FILES, ...MASKED_DIRECTORIES]

/** How much console output is kept, twice: the file and the one before it. */
export const CONSOLE_LOG_SIZE = 2 ** 20

/**
 * How many cgroups a guest may have, and how deep: more than systemd and containers in it need. Of memory there
 * are 65,535 on the whole machine, which one guest could take, and whoever stops one has to visit all of its.
 * Only v2 has such limits.
 */
const MAX_CGROUPS = 4096
const MAX_CGROUP_DEPTH = 64

/** @throws InvalidArgumentError for what is not in one line */
export function renderLxcConfig(input: LxcConfigInput): string {
  const lines = [
    '# Written before every start; changes by hand are lost.',
    ...basics(input),
    ...isolation(input),
    ...cgroups(input),
    ...mounts(input),
    ...network(input.netif),
    ...Object.entries(input.prlimits).map(
      ([name, { soft, hard }]) => `lxc.prlimit.${name} = ${soft}:${hard}`,
    ),
  ]
  const [broken] = lines.filter((line) => /[\0\r\n]/.test(line))
  if (broken !== undefined) {
    const [key = ''] = broken.split(' ')
    throw new InvalidArgumentError(key, 'must be in one line')
  }
  if (input.rawLxc.trim() !== '') lines.push('', '# Given by hand', input.rawLxc.trim())
  return `${lines.join('\n')}\n`
}

function basics(input: LxcConfigInput): string[] {
  const { halt, reboot } = signalsOf(input.programRun ? 'other' : input.init)
  return [
    `lxc.uts.name = ${input.hostname}`,
    `lxc.arch = ${input.arch}`,
    `lxc.rootfs.path = dir:${input.rootfs}`,
    // For those who read it: liblxc knows no quotes, so the keeper is told the arguments apart.
    `lxc.init.cmd = ${input.initCmd.join(' ')}`,
    `lxc.signal.halt = ${halt.name}`,
    `lxc.signal.reboot = ${reboot.name}`,
    'lxc.signal.stop = SIGKILL',
    `lxc.log.file = ${input.logFile}`,
    'lxc.log.level = ERROR',
    `lxc.console.logfile = ${input.consoleLog}`,
    `lxc.console.size = ${CONSOLE_LOG_SIZE}`,
    'lxc.console.rotate = 1',
    'lxc.autodev = 1',
    'lxc.tty.max = 0',
    'lxc.pty.max = 1024',
  ]
}

function isolation(input: LxcConfigInput): string[] {
  return [
    ...input.uidMap.map(({ nsId, hostId, count }) => `lxc.idmap = u ${nsId} ${hostId} ${count}`),
    ...input.gidMap.map(({ nsId, hostId, count }) => `lxc.idmap = g ${nsId} ${hostId} ${count}`),
    `lxc.seccomp.profile = ${input.seccompProfile}`,
    ...(input.apparmorProfile === null ? [] : [`lxc.apparmor.profile = ${input.apparmorProfile}`]),
    `lxc.cap.drop = ${DROPPED_CAPABILITIES.join(' ')}`,
  ]
}

function cgroups({ cgroup, cgroupVersion, cgparams, devices }: LxcConfigInput): string[] {
  const key = cgroupVersion === 1 ? 'lxc.cgroup' : 'lxc.cgroup2'
  return [
    `lxc.cgroup.dir.container = ${cgroup.container}`,
    'lxc.cgroup.dir.container.inner = user-owned',
    `lxc.cgroup.dir.monitor = ${cgroup.monitor}`,
    `lxc.cgroup.dir.monitor.pivot = ${cgroup.pivot}`,
    `${key}.devices.deny = a`,
    ...[...DEVICES, ...devices.map(({ rule }) => rule)].map(
      (rule) => `${key}.devices.allow = ${rule}`,
    ),
    ...(cgroupVersion === 2
      ? [
          `${key}.cgroup.max.descendants = ${MAX_CGROUPS}`,
          `${key}.cgroup.max.depth = ${MAX_CGROUP_DEPTH}`,
        ]
      : []),
    ...cgparams
      .filter(({ version }) => version === cgroupVersion)
      .flatMap(({ name, value }) => value.map((each) => `${key}.${name} = ${each}`)),
  ]
}

function mounts(input: LxcConfigInput): string[] {
  const { init, programRun, nesting, notifySocket, cgroupVersion, masked } = input
  const isThere = (path: string) => masked.includes(path)
  // On hybrid hosts, init mounts the hierarchies it wants inside its own cgroup namespace.
  const auto = ['proc:mixed', 'sys:mixed', ...(cgroupVersion === 2 ? ['cgroup:rw:force'] : [])]
  return [
    `lxc.mount.auto = ${auto.join(' ')}`,
    ...MASKED_FILES.filter(isThere).map((path) =>
      entry('/dev/null', path, 'none', 'bind,optional'),
    ),
    ...MASKED_DIRECTORIES.filter(isThere).map((path) =>
      entry('tmpfs', path, 'tmpfs', 'ro,nosuid,nodev,noexec,size=4k,mode=0555,optional'),
    ),
    ...(init === 'systemd' || notifySocket !== null
      ? [entry('tmpfs', 'run', 'tmpfs', 'nosuid,nodev,mode=0755,create=dir')]
      : []),
    ...(init === 'systemd' && !programRun
      ? []
      : [entry('tmpfs', 'dev/shm', 'tmpfs', 'nosuid,nodev,mode=1777,create=dir')]),
    ...(notifySocket === null
      ? []
      : [
          entry(notifySocket, 'run/host/notify', 'none', 'bind,create=file'),
          'lxc.environment = NOTIFY_SOCKET=/run/host/notify',
        ]),
    ...input.devices.map(({ path }) => entry(path, path.slice(1), 'none', 'bind,create=file')),
    // Whole instances that a container inside may mount anew: the masked ones are refused to it.
    ...(nesting
      ? [
          entry('proc', 'dev/.lxc/proc', 'proc', 'create=dir,optional'),
          entry('sysfs', 'dev/.lxc/sys', 'sysfs', 'create=dir,optional'),
        ]
      : []),
    ...input.mounts.map(({ source, at }) =>
      entry(escaped(source), escaped(at.slice(1)), 'none', 'bind'),
    ),
  ]
}

function entry(source: string, target: string, type: string, options: string): string {
  return `lxc.mount.entry = ${source} ${target} ${type} ${options} 0 0`
}

// As fstab(5) has it, and getmntent(3) reads it.
function escaped(path: string): string {
  return path.replace(
    /[\0- \\#]/g,
    (each) => `\\${each.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
}

function network(netif: LxcNetif | null): string[] {
  if (netif === null) return ['lxc.net.0.type = empty']
  return [
    'lxc.net.0.type = veth',
    'lxc.net.0.flags = up',
    `lxc.net.0.link = ${netif.link}`,
    `lxc.net.0.name = ${netif.name}`,
    `lxc.net.0.veth.pair = ${netif.pair}`,
    ...(netif.hwaddr === null ? [] : [`lxc.net.0.hwaddr = ${netif.hwaddr}`]),
  ]
}
