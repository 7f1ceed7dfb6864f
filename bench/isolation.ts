// What holds a running container in, as the kernel shows it for the container's init.
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { cgroupsOf } from './cgroups.js'
import { capabilities } from './rows/oci-config.js'

export interface Isolation {
  /** Namespaces that are not ours. */
  namespaces: string[]
  /** First host id of the container's root. */
  rootId: number
  /** Files of the host's root are the container root's, seen through its rootfs. */
  idmappedRoot: boolean
  cgroups: number
  memoryLimit: string
  deviceFilter: boolean
  seccompFilters: number
  noNewPrivileges: boolean
  capabilitiesDropped: string[]
  /** The security module's label, or why there is none. */
  lsm: string
  mounts: number
  readOnlyMounts: string[]
}

const kinds = ['user', 'mnt', 'pid', 'uts', 'ipc', 'net', 'cgroup', 'time']

export function readIsolation(pid: number): Isolation {
  const status = fields(`/proc/${pid}/status`)
  const bounding = BigInt(`0x${status.get('CapBnd') ?? '0'}`)
  const possible = BigInt(`0x${fields('/proc/self/status').get('CapBnd') ?? '0'}`)
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trimEnd().split('\n')
  const parsed = mounts
    .map((line) => line.split(' '))
    .map(([, , , , where, options]) => ({
      where: where ?? '',
      options: (options ?? '').split(','),
    }))
  const rootId = Number(readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/ +/)[1])
  return {
    namespaces: kinds.filter(
      (kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`),
    ),
    rootId,
    idmappedRoot: statSync(`/proc/${pid}/root/sbin/init`).uid === rootId,
    ...cgroupFacts(pid),
    seccompFilters: Number(status.get('Seccomp_filters') ?? 0),
    noNewPrivileges: status.get('NoNewPrivs') === '1',
    capabilitiesDropped: capabilities
      .filter((_, number) => ((possible & ~bounding) >> BigInt(number)) & 1n)
      .map((name) => name.slice(4).toLowerCase()),
    lsm: readLabel(pid),
    mounts: parsed.length,
    readOnlyMounts: parsed
      .filter(({ options }) => options.includes('ro'))
      .map(({ where }) => where),
  }
}

export function describe(isolation: Isolation): string {
  const { capabilitiesDropped: dropped, readOnlyMounts, memoryLimit } = isolation
  const limit = memoryLimit === '' ? 'no memory limit' : `memory ${memoryLimit}`
  return [
    `ns ${isolation.namespaces.join(' ')}`,
    `root is ${isolation.rootId}${isolation.idmappedRoot ? ', rootfs idmapped' : ''}`,
    `${isolation.cgroups} cgroups, ${limit}, devices ${isolation.deviceFilter ? 'filtered' : 'open'}`,
    `seccomp ${isolation.seccompFilters === 0 ? 'none' : isolation.seccompFilters}`,
    `caps dropped ${dropped.length === 0 ? 'none' : dropped.join(' ')}`,
    `no_new_privs ${isolation.noNewPrivileges ? 'on' : 'off'}`,
    `LSM ${isolation.lsm}`,
    `${isolation.mounts} mounts, read-only ${readOnlyMounts.join(' ')}`,
  ].join('; ')
}

function cgroupFacts(pid: number): Pick<Isolation, 'cgroups' | 'memoryLimit' | 'deviceFilter'> {
  const ours = new Set(cgroupsOf('self').map(({ directory }) => directory))
  const joined = cgroupsOf(pid).filter(({ directory }) => !ours.has(directory))
  const devices = joined.find(({ parts }) => parts.includes('devices'))
  return {
    cgroups: joined.length,
    memoryLimit: joined.map(lowestLimit).find((limit) => limit !== '') ?? '',
    deviceFilter:
      devices !== undefined && !read(`${devices.directory}/devices.list`).startsWith('a'),
  }
}

// The limit may sit above the directory that the guest is in.
function lowestLimit({ mountpoint, directory }: { mountpoint: string; directory: string }): string {
  for (let at = directory; at !== mountpoint; at = dirname(at)) {
    const text = read(`${at}/memory.limit_in_bytes`) || read(`${at}/memory.max`)
    const bytes = Number(text)
    // v1 says "no limit" by a number close to 2^63, v2 by a word.
    if (text !== '' && bytes < 2 ** 60) return `${bytes / 2 ** 20} MiB`
  }
  return ''
}

function readLabel(pid: number): string {
  for (const file of ['apparmor/current', 'current']) {
    const label = read(`/proc/${pid}/attr/${file}`).replace(/\0/g, '')
    if (label !== '') return label
  }
  return 'none'
}

function fields(file: string): Map<string, string> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
  )
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    // Not every hierarchy has the file, and without a security module there is no label.
    return ''
  }
}
