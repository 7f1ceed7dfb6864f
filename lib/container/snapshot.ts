// What is known of a container, from memory alone: no cgroup, no /proc, no file is touched.

import { shownAttributes } from '../attribute/attributes.js'
import { shownParams, unusedParams, type CgparamSnapshot } from '../group/cgparams.js'
import { limitsOf, type EffectiveLimits } from '../group/limit-params.js'
import type { CloneMode } from '../schema/pool.js'
import { bootHome } from '../storage/boot-home.js'
import type { Prlimits } from '../schema/prlimits.js'
import { utsName } from './hostname.js'
import { announcesReadiness, type InitKind } from './init.js'
import { clampPrlimits, type ClampedPrlimit } from './prlimit-clamp.js'
import type { ContainerRecord } from './record.js'
import type { ContainerExit, ContainerState } from './state.js'

/** A picture of one moment; it does not change. */
export interface ContainerSnapshot extends EffectiveLimits {
  readonly pool: string
  readonly id: string
  readonly user: string
  readonly group: string
  readonly distribution: string
  readonly version: string
  readonly arch: string
  readonly state: ContainerState
  /** As the host sees it. */
  readonly initPid: number | null
  /** As `wait('ready')` means it: not while it is frozen. */
  readonly ready: boolean
  /** How the last run ended. */
  readonly exit: ContainerExit | null
  readonly hostname: string | null
  /** The name that the container sees: the hostname, or else the id, cut to what the kernel takes. */
  readonly utsName: string
  readonly dnsResolvers: readonly string[] | null
  readonly autostart: {
    readonly priority: number
    readonly delay: number
    readonly after: readonly string[]
    readonly requires: readonly string[]
  } | null
  readonly initCmd: readonly string[] | null
  readonly init: InitKind
  readonly prlimits: Prlimits
  /** Limits that this host cannot give, and what it gives instead. */
  readonly clampedPrlimits: readonly ClampedPrlimit[]
  readonly cgparams: readonly CgparamSnapshot[]
  /** Those of them that are for machines with the other version of cgroups, and do nothing here. */
  readonly unusedCgparams: readonly CgparamSnapshot[]
  readonly netif: {
    readonly type: string
    readonly name: string
    readonly link: string | null
    readonly hwaddr: string | null
  } | null
  readonly seccompProfile: string | null
  readonly nesting: boolean
  readonly rawLxc: string | null
  /** Settings that were changed and wait for the next start. */
  readonly pending: readonly string[]
  readonly cloneMode: CloneMode
  readonly image: string | null
  /** What it runs from, where that is not its own root: for this run alone. */
  readonly booted: {
    readonly image: string
    readonly distribution: string
    readonly version: string
    readonly arch: string
    /** Its directory or dataset in the pool. */
    readonly dataset: string
    /** Where its own root is seen in it. */
    readonly mountRoot: string | null
  } | null
  /** The container's own directory or dataset in the pool. */
  readonly dataset: string
  /** Where the rootfs is mounted in the keeper's mount namespace while it runs. */
  readonly rootfs: string
  /** For `lxc-info -P` and its kind. */
  readonly lxcPath: string
  /** Relative to every cgroup hierarchy. */
  readonly cgroup: string
  readonly logFile: string
  readonly consoleLog: string
  readonly attributes: Readonly<Record<string, string>>
}

function bootedOf({ config, imageRun, home }: ContainerRecord): ContainerSnapshot['booted'] {
  const { booted } = config.vpsadminos
  if (booted === undefined || !imageRun.present) return null
  const { image, distribution, version, arch, mount_root: mountRoot = null } = booted
  return Object.freeze({ image, distribution, version, arch, dataset: bootHome(home), mountRoot })
}

function autostartOf({ config }: ContainerRecord): ContainerSnapshot['autostart'] {
  if (config.autostart === false || config.autostart == null) return null
  const { priority, delay } = config.autostart
  const { after = [], requires = [] } = config.vpsadminos.autostart ?? {}
  return Object.freeze({ priority, delay, after, requires })
}

/** @throws NotFoundError when it was deleted */
export function snapshotOf(record: ContainerRecord): ContainerSnapshot {
  record.assertPresent()
  const { pool, id, config, run, host, user, group } = record
  const [netif] = config.net_interfaces
  return Object.freeze({
    pool: pool.name,
    id,
    user: user.name,
    group: group.path,
    distribution: config.distribution,
    version: config.version,
    arch: config.arch,
    state: run.state,
    initPid: run.initPid,
    ready: run.state === 'running' && (run.ready !== null || !announcesReadiness(record.init)),
    exit: run.exit,
    hostname: config.hostname ?? null,
    utsName: utsName(id, config.hostname ?? null, config.distribution),
    dnsResolvers: config.dns_resolvers ?? null,
    autostart: autostartOf(record),
    initCmd: config.init_cmd ?? null,
    init: record.init,
    prlimits: config.prlimits,
    clampedPrlimits: clampPrlimits(config.prlimits, host.prlimitBounds).clamped,
    ...limitsOf(config.cgparams),
    cgparams: shownParams(config.cgparams),
    unusedCgparams: unusedParams(host.cgroups, config.cgparams),
    netif:
      netif === undefined
        ? null
        : {
            type: netif.type,
            name: netif.name,
            link: netif.link ?? null,
            hwaddr: netif.hwaddr ?? null,
          },
    seccompProfile: config.seccomp_profile ?? null,
    nesting: config.nesting,
    rawLxc: config.raw.lxc ?? null,
    pending: run.alive ? record.pending.names(config) : [],
    cloneMode: config.vpsadminos.clone_mode,
    image: config.vpsadminos.image ?? null,
    booted: bootedOf(record),
    dataset: record.home,
    rootfs: host.paths.rootfs(pool.name, id),
    lxcPath: host.paths.lxc(pool.name),
    cgroup: record.cgroup,
    logFile: pool.layout.log(id),
    consoleLog: pool.layout.consoleLog(id),
    attributes: shownAttributes(config.attrs),
  })
}
