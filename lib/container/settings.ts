// What settings mean for a container's file, and when they take effect.

import type { Machine } from '../host/machine.js'
import { replacedParams } from '../group/cgparams.js'
import { withLimits } from '../group/limit-params.js'
import { automaticMounts } from '../mount/dataset-mounts.js'
import type { Patch } from '../pool/config-file.js'
import { autostart as autostartSchema } from '../schema/autostart.js'
import type { ContainerFile, ContainerSettings } from '../schema/container.js'
import { checkLimits } from '../schema/limits.js'
import { checkRawLxc } from './raw-lxc.js'

export type SettingName = keyof ContainerSettings

/** What may wait for the next start: also what has calls of its own. */
export type Waiting = SettingName | 'mounts'

/** What a file has of a setting, by which two files can be compared. */
type InFile = (file: ContainerFile) => unknown

/** Settings that a running container gets at its next start. The others take effect at once. */
export const NEXT_START: ReadonlyMap<Waiting, InFile> = new Map<Waiting, InFile>([
  ['mounts', automaticMounts],
  ['initCmd', (file) => file.init_cmd ?? null],
  ['prlimits', (file) => file.prlimits],
  ['rawLxc', (file) => file.raw?.lxc ?? null],
  ['netif', (file) => file.net_interfaces],
  ['seccompProfile', (file) => file.seccomp_profile ?? null],
  ['nesting', (file) => file.nesting === true],
])

/**
 * What the schema cannot know: limits of this machine, keys of liblxc.
 *
 * @throws InvalidArgumentError
 */
export function checkSettings(settings: ContainerSettings, machine: Machine, what: string): void {
  checkLimits(settings, machine, what)
  if (settings.rawLxc != null) checkRawLxc(settings.rawLxc, `${what}.rawLxc`)
}

/** The fields of the file that the settings change. */
export function patchOf(settings: ContainerSettings, config: ContainerFile, what: string): Patch {
  const { memoryLimit, swapLimit, cpuLimit, pidsLimit, cgparams, ...rest } = settings
  const patch: Record<string, unknown> = {}
  const limits = { memoryLimit, swapLimit, cpuLimit, pidsLimit }
  if (cgparams !== undefined || Object.values(limits).some((limit) => limit !== undefined)) {
    const before = config.cgparams
    const replaced = cgparams === undefined ? before : replacedParams(before, cgparams ?? [])
    patch['cgparams'] = withLimits(replaced, limits, what)
  }
  const set = (field: string, value: unknown) => {
    if (value !== undefined) patch[field] = value
  }
  set('hostname', rest.hostname)
  set('dns_resolvers', rest.dnsResolvers)
  if (rest.autostart !== undefined) Object.assign(patch, autostart(rest.autostart))
  set('init_cmd', rest.initCmd)
  set('seccomp_profile', rest.seccompProfile)
  set('ephemeral', rest.ephemeral === null ? false : rest.ephemeral)
  set('nesting', rest.nesting === null ? false : rest.nesting)
  if (rest.netif !== undefined) patch['net_interfaces'] = rest.netif === null ? [] : [rest.netif]
  if (rest.rawLxc !== undefined) patch['raw'] = { lxc: rest.rawLxc }
  if (rest.prlimits !== undefined) patch['prlimits'] = prlimits(rest.prlimits, config.prlimits)
  return patch
}

/** What a file has of each setting but its limits, as it can be given to {@link patchOf}. */
export function settingsIn(file: ContainerFile) {
  const { autostart: own } = file.vpsadminos
  const { after = [], requires = [] } = own ?? {}
  const { autostart: when } = file
  const limits = Object.entries(file.prlimits)
  const [first, ...more] = file.net_interfaces
  return {
    hostname: file.hostname ?? null,
    dnsResolvers: file.dns_resolvers ?? null,
    autostart:
      when == null || when === false
        ? null
        : { priority: when.priority, delay: when.delay, after, requires },
    initCmd: file.init_cmd ?? null,
    prlimits: Object.fromEntries(limits.map(([name, { soft, hard }]) => [name, { soft, hard }])),
    cgparams: file.cgparams,
    rawLxc: file.raw.lxc ?? null,
    // Several are none that it could be started with.
    netif: more.length > 0 ? file.net_interfaces : (first ?? null),
    seccompProfile: file.seccomp_profile ?? null,
    nesting: file.nesting,
    ephemeral: file.ephemeral,
  }
}

// What vpsAdminOS does not know stands apart from what it does.
function autostart(given: NonNullable<ContainerSettings['autostart']> | null): Patch {
  if (given === null || given === false) {
    return { autostart: false, vpsadminos: { autostart: undefined } }
  }
  const { priority, delay, after, requires } = given === true ? autostartSchema.parse({}) : given
  const none = after.length === 0 && requires.length === 0
  return {
    autostart: { priority, delay },
    vpsadminos: { autostart: none ? undefined : { after, requires } },
  }
}

// Within the map, what is not given stays and `null` takes away; `null` for the map takes all away.
function prlimits(
  given: NonNullable<ContainerSettings['prlimits']> | null,
  before: ContainerFile['prlimits'],
): Patch {
  if (given === null) {
    return Object.fromEntries(Object.keys(before).map((name) => [name, undefined]))
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, value ?? undefined]),
  )
}
