// A container: what may be asked for, and what stands in `conf/ct/ID.yml`.
//
// What callers give is declared beside its schema, as types inferred from one lose their comments;
// test/lib/schema/declared.ts holds the two together.

import { isIP } from 'node:net'
import { z } from 'zod'
import { attrsFile } from './attributes.js'
import { autostart, type AutostartInput } from './autostart.js'
import { cgparam, cgparamInput, type CgparamInput } from './cgparam.js'
import { datasetSettings, mountFile, mountpoint, type DatasetSettings } from './dataset.js'
import { limits, type LimitsInput } from './limits.js'
import { containerId, groupPath, hostname, interfaceName, line, userName } from './names.js'
import { nullIsNone } from './null-is-none.js'
import { anyCloneMode } from './pool.js'
import { prlimits, prlimitsInput, type PrlimitsInput } from './prlimits.js'

const word = z.string().regex(/^[a-zA-Z0-9_.+-]{1,64}$/, 'must be 1 to 64 of a-z, 0-9, "_.+-"')

/** Which image to create from; what is not given matches anything. Of several, the one imported last. */
export interface CreateImage {
  /** The repository that it is from; `local` for one that was imported. */
  readonly source?: string | undefined
  readonly vendor?: string | undefined
  readonly variant?: string | undefined
  /** As Linux calls it: `x86_64`. */
  readonly arch?: string | undefined
  readonly distribution: string
  readonly version?: string | undefined
}

const WHICH_IMAGE = 'must say which, as { distribution: "debian" }'

export const imageQuery = z.strictObject(
  {
    source: word.optional(),
    vendor: word.optional(),
    variant: word.optional(),
    arch: word.optional(),
    distribution: word,
    version: word.optional(),
  },
  { error: ({ code }) => (code === 'invalid_type' ? WHICH_IMAGE : undefined) },
)

const macAddress = z
  .string()
  .regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, 'must be like "00:16:3e:12:34:56"')
  .refine((mac) => (parseInt(mac.slice(0, 2), 16) & 1) === 0, 'must not be a multicast address')

/** One interface on a bridge of the host. */
export interface NetifInput {
  readonly type: 'bridge'
  /** The name inside the container. Default `eth0`. */
  readonly name?: string | undefined
  /** The bridge on the host. */
  readonly link: string
  /** Its MAC address. Default: chosen by the kernel at every start. */
  readonly hwaddr?: string | null | undefined
}

export const netif = z.strictObject({
  type: z.literal('bridge'),
  name: interfaceName.default('eth0'),
  link: interfaceName,
  hwaddr: macAddress.nullish(),
})

const address = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address')
const path = line
  .regex(/^\//, 'must be an absolute path')
  .refine((text) => text === text.trim(), 'must not end with a blank') // liblxc would leave it out

/**
 * Everything that `set()` can change, for good. `null` goes back to the default; what is not given, or
 * `undefined`, stays as it is. Each one says whether a running container gets it at once.
 */
export interface ContainerSettingsInput extends LimitsInput {
  /** Host name, fully qualified or not. Default: the id. At once. */
  readonly hostname?: string | null | undefined
  /** Addresses of name servers, at most 16. Default: the image's `/etc/resolv.conf` as it is. At once. */
  readonly dnsResolvers?: readonly string[] | null | undefined
  /** Whether and when it starts by itself, which `pool.autostart.start()` does. Default false. */
  readonly autostart?: boolean | AutostartInput | null | undefined
  /** Program and arguments of init. Default `/sbin/init`. At the next start. */
  readonly initCmd?: readonly string[] | null | undefined
  /**
   * Resource limits of its processes. A new container has `nofile` of 1024 to 1048576; `null` takes all
   * away. At the next start.
   */
  readonly prlimits?: PrlimitsInput | null | undefined
  /** Raw cgroup parameters; the list replaces the one before. Default: none. At once. */
  readonly cgparams?: readonly CgparamInput[] | null | undefined
  /** Lines of LXC configuration after the generated ones, 64 KiB at most. At the next start. */
  readonly rawLxc?: string | null | undefined
  /** A network interface. Default: loopback alone. At the next start. */
  readonly netif?: NetifInput | null | undefined
  /**
   * Absolute path of an LXC seccomp policy on the host. Default: the common one for system containers.
   * At the next start.
   */
  readonly seccompProfile?: string | null | undefined
  /** Lets it run containers of its own. Default false. At the next start. */
  readonly nesting?: boolean | null | undefined
  /**
   * Has it be deleted when it has run and stops, however that comes: with the run that there is, or the next one. A
   * reboot is no stop, and a start that fails is none. Default false. At once.
   */
  readonly ephemeral?: boolean | null | undefined
}

export const containerSettings = limits.extend({
  hostname: hostname.nullish(),
  dnsResolvers: z.array(address).max(16, 'must be at most 16').nullish(),
  autostart: z
    .union([z.boolean(), autostart], {
      error: 'must be a boolean or { priority, after, requires }',
    })
    .nullish(),
  initCmd: z
    .array(line)
    .min(1, 'must name a program')
    .refine((args) => args[0]?.startsWith('/'), 'must begin with an absolute path')
    .nullish(),
  prlimits: prlimitsInput.nullish(),
  cgparams: z.array(cgparamInput).nullish(),
  rawLxc: z.string().max(65536, 'must be at most 64 KiB').nullish(),
  netif: netif.nullish(),
  seccompProfile: path.nullish(),
  ephemeral: z.boolean().nullish(),
  nesting: z.boolean().nullish(),
})
export type ContainerSettings = z.output<typeof containerSettings>

/** What a new container is: all that `set()` can change, and what is decided once. */
export interface CreateOptions extends ContainerSettingsInput {
  /** 1 to 100 of a-z, A-Z, 0-9, "_" and "-"; unique in its pool. */
  readonly id: string
  /** The pool's name. Default: the first pool. */
  readonly pool?: string | undefined
  /** The user whose id map it has. Default: one is made for it, and vanishes with it. */
  readonly user?: string | undefined
  /** Path of the group that it is in. Default `/default`. */
  readonly group?: string | undefined
  /** The image that its root filesystem is made from. */
  readonly image: CreateImage
}

export const createOptions = containerSettings.extend({
  id: containerId,
  pool: z.string().optional(),
  user: userName.optional(),
  group: groupPath.default('/default'),
  image: imageQuery,
})

/** What a copy has that is not as in the container that is copied. */
export interface CopySettings {
  /** The pool that it is made in. Default: that of the container. */
  readonly pool?: string | undefined
  /** The user whose id map it has. Default: one is made for it, and vanishes with it. */
  readonly user?: string | undefined
  /** Path of the group that it is in. Default: that of the same path. */
  readonly group?: string | undefined
  /**
   * A container that runs is stopped for it and started again: on ZFS for a moment, in a directory for as long
   * as it takes. False: its files are copied as a loss of power would leave them. Default true.
   */
  readonly consistent?: boolean | undefined
  /** Whether it has the network interfaces, without their MAC addresses. Default true. */
  readonly networkInterfaces?: boolean | undefined
}

export const copySettings = z.strictObject({
  pool: z.string().optional(),
  user: userName.optional(),
  group: groupPath.optional(),
  consistent: z.boolean().default(true),
  networkInterfaces: z.boolean().default(true),
})

export interface ReinstallSettings {
  /** The image that the new rootfs is made from. Default: the newest one as it was made from. */
  readonly image?: CreateImage | undefined
  /** Has its snapshots go with what they are of; otherwise one that has any is refused. Default false. */
  readonly removeSnapshots?: boolean | undefined
}

export const reinstallSettings = z.strictObject({
  image: imageQuery.optional(),
  removeSnapshots: z.boolean().default(false),
})

/** What is said of the system in a rootfs: it decides which of its files bear the host name. */
export interface Distribution {
  readonly distribution: string
  readonly version: string
  /** As Linux calls it: `x86_64`. Default: as it is. */
  readonly arch?: string | undefined
}

export const distributionInput = z.strictObject({
  distribution: word,
  version: word,
  arch: word.optional(),
})

export interface BootSettings {
  /** The image that the root of this run is made from. Default: the newest one as its own was made from. */
  readonly image?: CreateImage | undefined
  /** Where its own root is seen in that of the image. Default: nowhere. */
  readonly mountRoot?: string | undefined
  /** On ZFS: what the dataset of that root has otherwise than the container's own, whose limits it has. */
  readonly dataset?: DatasetSettings | undefined
  /** Stops it first, if it runs. Default false. */
  readonly force?: boolean | undefined
}

export const bootSettings = z.strictObject({
  image: imageQuery.optional(),
  mountRoot: mountpoint.optional(),
  dataset: datasetSettings.optional(),
  force: z.boolean().default(false),
})

/** In files: a version may look like a number. */
export const text = z.union([z.string(), z.number()]).transform(String)

const netifFile = z.looseObject({
  type: z.string(),
  name: z.string(),
  link: z.string().nullish(),
  hwaddr: z.string().nullish(),
})
export type NetifFile = z.output<typeof netifFile>

const autostartFile = z.looseObject({
  priority: nullIsNone(z.number().default(1000)),
  delay: nullIsNone(z.number().default(5)),
})

const initKind = z.enum(['systemd', 'busybox', 'openrc', 'runit', 'sysvinit', 'other'])

/** The root of a run from an image. */
const bootedRoot = z.object({
  clone_mode: anyCloneMode,
  image: z.string(),
  distribution: text,
  version: text,
  arch: text,
  init: initKind,
  systemd_version: z.number().nullish(),
  /** Where the container's own is seen in it. */
  mount_root: z.string().nullish(),
})
export type BootedRoot = z.output<typeof bootedRoot>

/** Facts that only this library writes, apart from the original's fields. */
const own = z.looseObject({
  /** How the rootfs was made: it stays so for the container's life. */
  clone_mode: anyCloneMode.default('copy'),
  /** The cached image below an overlay, or the one that was copied. */
  image: z.string().nullish(),
  /** Which program `/sbin/init` is; it decides signals and readiness. Of one that was not made here: looked up. */
  init: initKind.optional(),
  /** The guest's systemd version, where it is one and tells. */
  systemd_version: z.number().nullish(),
  pids_limit: z.number().nullish(),
  /** What its start by itself waits for. */
  autostart: z
    .looseObject({
      after: z.array(z.string()).default([]),
      requires: z.array(z.string()).default([]),
    })
    .optional(),
  /** While it gets another id: the next import goes on, or takes it back. */
  renaming: z.object({ from: containerId, to: containerId }).optional(),
  /** While it is rolled back to a snapshot: the next import goes on. */
  rolling_back: z.string().optional(),
  /** While a dataset is made: the next import takes away the outermost one that was missing. */
  making_dataset: z.string().optional(),
  /** While a dataset is deleted: the next import goes on. */
  deleting_dataset: z.string().optional(),
  /** Datasets that it has in its own hands, relative to its own. */
  delegated: z.array(z.string()).optional(),
  /** While one comes into its hands, or out of them: the next import has it be out of them. */
  undelegating: z.string().optional(),
  /** While it is copied: what that has made of it. */
  copying: z.object({ name: z.string() }).optional(),
  /** While it gets another rootfs: the next import takes that away, or puts it in its place. */
  reinstalling: z.enum(['preparing', 'replacing']).optional(),
  /** For a run from an image, until the root of that is gone: the next import removes it, if that is over. */
  booted: bootedRoot.optional(),
  /** Of one that is ephemeral: on which run of the machine it was started last. */
  ephemeral_run: z.string().optional(),
  /** While names in its rootfs are not those of this file yet. */
  unnamed: z.boolean().optional(),
})

/** `conf/ct/ID.yml`. Fields that are not here survive rewriting. */
export const containerFile = z.looseObject({
  user: z.string(),
  group: groupPath.default('/default'),
  dataset: z.string().nullish(),
  distribution: nullIsNone(text.default('unknown')),
  version: nullIsNone(text.default('unknown')),
  arch: nullIsNone(text.default('x86_64')),
  net_interfaces: nullIsNone(z.array(netifFile).default([])),
  mounts: z.array(mountFile).nullish(),
  cgparams: nullIsNone(z.array(cgparam).default([])),
  prlimits: nullIsNone(prlimits.default({})),
  autostart: z.union([z.literal(false), autostartFile]).nullish(),
  ephemeral: nullIsNone(z.boolean().default(false)),
  hostname: z.string().nullish(),
  dns_resolvers: z.array(z.string()).nullish(),
  nesting: nullIsNone(z.boolean().default(false)),
  seccomp_profile: z.string().nullish(),
  init_cmd: z.array(text).nullish(),
  raw: nullIsNone(z.looseObject({ lxc: z.string().nullish() }).default({})),
  state: z.literal('staged').nullish(),
  attrs: attrsFile,
  vpsadminos: own.default({ clone_mode: 'copy' }),
})
export type ContainerFile = z.output<typeof containerFile>
