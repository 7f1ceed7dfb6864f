// A container: what may be asked for, and what stands in `conf/ct/ID.yml`.

import { isIP } from 'node:net'
import { z } from 'zod'
import { cgparam, cgparamInput } from './cgparam.js'
import { limits } from './limits.js'
import { containerId, groupPath, hostname, interfaceName, line, userName } from './names.js'
import { prlimits, prlimitsInput } from './prlimits.js'

const word = z.string().regex(/^[a-zA-Z0-9_.+-]{1,64}$/, 'must be 1 to 64 of a-z, 0-9, "_.+-"')

/** Which image to create from; what is not given matches anything. */
export const imageQuery = z.strictObject({
  source: word.optional(),
  vendor: word.optional(),
  variant: word.optional(),
  arch: word.optional(),
  distribution: word,
  version: word.optional(),
})

const macAddress = z
  .string()
  .regex(/^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$/, 'must be like "00:16:3e:12:34:56"')
  .refine((mac) => (parseInt(mac.slice(0, 2), 16) & 1) === 0, 'must not be a multicast address')

/** One interface on a bridge of the host. Without one a container has only its loopback. */
export const netif = z.strictObject({
  type: z.literal('bridge'),
  /** The name inside the container. */
  name: interfaceName.default('eth0'),
  /** The bridge on the host. */
  link: interfaceName,
  /** Chosen by the kernel at every start when it is not given. */
  hwaddr: macAddress.optional(),
})

export const autostart = z.strictObject({
  /** 0 is first. */
  priority: z.number().int().nonnegative().default(1000),
  /** Seconds until the next container may start. */
  delay: z.number().nonnegative().default(5),
})

const address = z.string().refine((text) => isIP(text) !== 0, 'must be an IP address')
const path = line.regex(/^\//, 'must be an absolute path')

/** Everything that `set()` can change. `null` goes back to the default. */
export const containerSettings = limits.extend({
  hostname: hostname.nullish(),
  /** `null` leaves the image's `/etc/resolv.conf` alone. */
  dnsResolvers: z.array(address).max(16, 'must be at most 16').nullish(),
  autostart: z
    .union([z.boolean(), autostart], { error: 'must be a boolean or { priority, delay }' })
    .nullish(),
  /** Program and arguments of init; the default is `/sbin/init`. */
  initCmd: z
    .array(line)
    .min(1, 'must name a program')
    .refine((args) => args[0]?.startsWith('/'), 'must begin with an absolute path')
    .nullish(),
  prlimits: prlimitsInput.nullish(),
  /** Raw cgroup parameters; the list replaces the one before. */
  cgparams: z.array(cgparamInput).nullish(),
  /** Lines of LXC configuration, appended to the generated ones. */
  rawLxc: z.string().max(65536, 'must be at most 64 KiB').nullish(),
  netif: netif.nullish(),
  /** An LXC seccomp policy on the host; the default is the common one for system containers. */
  seccompProfile: path.nullish(),
  /** Lets the container run containers of its own. */
  nesting: z.boolean().nullish(),
})
export type ContainerSettings = z.output<typeof containerSettings>
export type ContainerSettingsInput = z.input<typeof containerSettings>

export const createOptions = containerSettings.extend({
  id: containerId,
  /** The first pool when it is not given. */
  pool: z.string().optional(),
  /** One is made for the container, and vanishes with it, when it is not given. */
  user: userName.optional(),
  group: groupPath.default('/default'),
  image: imageQuery,
})
export type CreateOptions = z.input<typeof createOptions>

const text = z.union([z.string(), z.number()]).transform(String)

const netifFile = z.looseObject({
  type: z.string(),
  name: z.string(),
  link: z.string().optional(),
  hwaddr: z.string().nullish(),
})
export type NetifFile = z.output<typeof netifFile>

/** Facts that only this library writes, apart from the original's fields. */
const own = z.looseObject({
  /** How the rootfs was made: it stays so for the container's life. */
  clone_mode: z.enum(['overlay', 'reflink', 'copy']).default('copy'),
  /** The cached image below an overlay, or the one that was copied. */
  image: z.string().nullish(),
  /** Which program `/sbin/init` is; it decides signals and readiness. */
  init: z.enum(['systemd', 'busybox', 'openrc', 'runit', 'sysvinit', 'other']).default('other'),
  /** The guest's systemd version, where it is one and tells. */
  systemd_version: z.number().nullish(),
  pids_limit: z.number().nullish(),
})

/** `conf/ct/ID.yml`. Fields that are not here survive rewriting. */
export const containerFile = z.looseObject({
  user: z.string(),
  group: groupPath.default('/default'),
  dataset: z.string().nullish(),
  distribution: text.default('unknown'),
  version: text.default('unknown'),
  arch: text.default('x86_64'),
  net_interfaces: z.array(netifFile).default([]),
  cgparams: z.array(cgparam).default([]),
  prlimits: prlimits.default({}),
  autostart: z
    .union([z.literal(false), z.looseObject({ priority: z.number(), delay: z.number() })])
    .nullish(),
  ephemeral: z.boolean().default(false),
  hostname: z.string().nullish(),
  dns_resolvers: z.array(z.string()).nullish(),
  nesting: z.boolean().default(false),
  seccomp_profile: z.string().nullish(),
  init_cmd: z.array(text).nullish(),
  raw: z.looseObject({ lxc: z.string().nullish() }).default({}),
  state: z.literal('staged').optional(),
  vpsadminos: own.default({ clone_mode: 'copy', init: 'other' }),
})
export type ContainerFile = z.output<typeof containerFile>
