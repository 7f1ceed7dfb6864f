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
  /** It is deleted when it has run and stops. */
  readonly ephemeral: boolean
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

function netifOf({ config }: ContainerRecord): ContainerSnapshot['netif'] {
  const [netif] = config.net_interfaces
  if (netif === undefined) return null
  const { type, name, link = null, hwaddr } = netif
  return { type, name, link, hwaddr: hwaddr ?? null }
}

function autostartOf({ config }: ContainerRecord): ContainerSnapshot['autostart'] {
  if (config.autostart === false || config.autostart == null) return null
  const { priority, delay } = config.autostart
  const { after = [], requires = [] } = config.vpsadminos.autostart ?? {}
  return Object.freeze({ priority, delay, after, requires })
}

/** How each of them is known, so that a list of few costs what these do. */
const FIELDS: {
  readonly [Name in keyof ContainerSnapshot]: (record: ContainerRecord) => ContainerSnapshot[Name]
} = {
  pool: ({ pool }) => pool.name,
  id: ({ id }) => id,
  user: ({ user }) => user.name,
  group: ({ group }) => group.path,
  distribution: ({ config }) => config.distribution,
  version: ({ config }) => config.version,
  arch: ({ config }) => config.arch,
  state: ({ run }) => run.state,
  initPid: ({ run }) => run.initPid,
  ready: ({ run, init }) =>
    run.state === 'running' && (run.ready !== null || !announcesReadiness(init)),
  exit: ({ run }) => run.exit,
  hostname: ({ config }) => config.hostname ?? null,
  utsName: ({ id, config }) => utsName(id, config.hostname ?? null, config.distribution),
  dnsResolvers: ({ config }) => config.dns_resolvers ?? null,
  autostart: autostartOf,
  initCmd: ({ config }) => config.init_cmd ?? null,
  init: ({ init }) => init,
  prlimits: ({ config }) => config.prlimits,
  clampedPrlimits: ({ config, host }) => clampPrlimits(config.prlimits, host.prlimitBounds).clamped,
  memoryLimit: ({ config }) => limitsOf(config.cgparams).memoryLimit,
  swapLimit: ({ config }) => limitsOf(config.cgparams).swapLimit,
  cpuLimit: ({ config }) => limitsOf(config.cgparams).cpuLimit,
  pidsLimit: ({ config }) => limitsOf(config.cgparams).pidsLimit,
  cgparams: ({ config }) => shownParams(config.cgparams),
  unusedCgparams: ({ config, host }) => unusedParams(host.cgroups, config.cgparams),
  netif: netifOf,
  seccompProfile: ({ config }) => config.seccomp_profile ?? null,
  nesting: ({ config }) => config.nesting,
  ephemeral: ({ config }) => config.ephemeral,
  rawLxc: ({ config }) => config.raw.lxc ?? null,
  pending: ({ run, pending, config }) => (run.alive ? pending.names(config) : []),
  cloneMode: ({ config }) => config.vpsadminos.clone_mode,
  image: ({ config }) => config.vpsadminos.image ?? null,
  booted: bootedOf,
  dataset: ({ home }) => home,
  rootfs: ({ host, pool, id }) => host.paths.rootfs(pool.name, id),
  lxcPath: ({ host, pool }) => host.paths.lxc(pool.name),
  cgroup: ({ cgroup }) => cgroup,
  logFile: ({ pool, id }) => pool.layout.log(id),
  consoleLog: ({ pool, id }) => pool.layout.consoleLog(id),
  attributes: ({ config }) => shownAttributes(config.attrs),
}

export type SnapshotField = keyof ContainerSnapshot
export const SNAPSHOT_FIELDS = Object.keys(FIELDS) as readonly SnapshotField[]

/**
 * Written out: by names, so many fields take twice as long to make, and half as long again to become JSON (V8 of
 * Node.js 20).
 *
 * @throws NotFoundError when it was deleted
 */
export function snapshotOf(record: ContainerRecord): ContainerSnapshot {
  record.assertPresent()
  return Object.freeze({
    pool: FIELDS.pool(record),
    id: FIELDS.id(record),
    user: FIELDS.user(record),
    group: FIELDS.group(record),
    distribution: FIELDS.distribution(record),
    version: FIELDS.version(record),
    arch: FIELDS.arch(record),
    state: FIELDS.state(record),
    initPid: FIELDS.initPid(record),
    ready: FIELDS.ready(record),
    exit: FIELDS.exit(record),
    hostname: FIELDS.hostname(record),
    utsName: FIELDS.utsName(record),
    dnsResolvers: FIELDS.dnsResolvers(record),
    autostart: FIELDS.autostart(record),
    initCmd: FIELDS.initCmd(record),
    init: FIELDS.init(record),
    prlimits: FIELDS.prlimits(record),
    clampedPrlimits: FIELDS.clampedPrlimits(record),
    cgparams: FIELDS.cgparams(record),
    unusedCgparams: FIELDS.unusedCgparams(record),
    netif: FIELDS.netif(record),
    seccompProfile: FIELDS.seccompProfile(record),
    nesting: FIELDS.nesting(record),
    ephemeral: FIELDS.ephemeral(record),
    rawLxc: FIELDS.rawLxc(record),
    pending: FIELDS.pending(record),
    cloneMode: FIELDS.cloneMode(record),
    image: FIELDS.image(record),
    booted: FIELDS.booted(record),
    dataset: FIELDS.dataset(record),
    rootfs: FIELDS.rootfs(record),
    lxcPath: FIELDS.lxcPath(record),
    cgroup: FIELDS.cgroup(record),
    logFile: FIELDS.logFile(record),
    consoleLog: FIELDS.consoleLog(record),
    attributes: FIELDS.attributes(record),
    ...limitsOf(record.config.cgparams),
  })
}

/** Some of a snapshot. @throws NotFoundError when it was deleted */
export function fieldsOf<Name extends SnapshotField>(
  record: ContainerRecord,
  names: readonly Name[],
): Pick<ContainerSnapshot, Name> {
  record.assertPresent()
  const shown: Record<string, unknown> = {}
  for (const name of names) shown[name] = FIELDS[name](record)
  return Object.freeze(shown) as Pick<ContainerSnapshot, Name>
}
