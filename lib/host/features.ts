// What this machine has, and why not what it has not. Nothing is assumed: each answer was looked up.

import { close } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { release } from 'node:os'
import type { LibraryFeatures } from '#native'
import { Cgroups } from '../cgroup/cgroups.js'
import { createUserNs } from '../ns/mount.js'
import { native } from '../native.js'
import { hasOverlay } from '../storage/dir/clone-mode.js'
import { apparmor } from './apparmor.js'

/** A feature that is missing, and what to do about it. */
export interface MissingFeature {
  readonly feature: string
  readonly reason: string
  /** False when containers run without it, though worse. */
  readonly required: boolean
}

export interface HostFeatures {
  readonly kernel: {
    readonly release: string
    readonly minimum: string
    readonly supported: boolean
  }
  readonly root: boolean
  /** Whether user namespaces with id maps can be made here and now. */
  readonly userNamespaces: boolean
  readonly cgroups: {
    /** Null when none is mounted. `hybrid` is v1 with the unified hierarchy beside it. */
    readonly layout: 'unified' | 'hybrid' | 'legacy' | null
    readonly controllers: readonly string[]
  }
  readonly lsm: { readonly apparmor: boolean; readonly profile: string | null }
  readonly seccomp: boolean
  readonly overlay: boolean
  readonly lxc: LibraryFeatures
  readonly zfs: { readonly core: LibraryFeatures; readonly nvpair: LibraryFeatures }
  /** Everything that is not there. */
  readonly missing: readonly MissingFeature[]
}

/** Idmapped layers of overlay came with 5.19; 6.1 is the first long-term kernel with them. */
const MINIMUM_KERNEL = '6.1'

const CONTROLLERS = ['cpu', 'cpuset', 'devices', 'freezer', 'memory', 'pids']

/** Part of the kernel itself where the hierarchy is unified. */
const UNIFIED_HAS = ['devices', 'freezer']

/** Loads the addon; a library that is missing is an answer and not an error. */
export async function features(): Promise<HostFeatures> {
  const { lxc, zfsCore, nvpair } = native.features()
  const root = process.geteuid?.() === 0
  const [overlay, actions, userNs, lsm] = await Promise.all([
    hasOverlay(),
    text('/proc/sys/kernel/seccomp/actions_avail'),
    whyNoUserNs(),
    apparmor(),
  ])
  const cgroups = cgroupFeatures()
  const kernel = { release: release(), minimum: MINIMUM_KERNEL, supported: isSupported(release()) }
  const seccomp = actions !== ''

  const missing: MissingFeature[] = []
  const lacks = (feature: string, reason: string, required: boolean) => {
    missing.push({ feature, reason, required })
  }
  if (!root) lacks('root', 'the host can only be opened by root', true)
  if (!kernel.supported) lacks('kernel', `${kernel.release} is older than ${MINIMUM_KERNEL}`, true)
  if (userNs !== null) lacks('userNamespaces', userNs, true)
  if (cgroups.layout === null) lacks('cgroups', 'no hierarchy is mounted', true)
  for (const name of CONTROLLERS) {
    const builtIn = cgroups.layout === 'unified' && UNIFIED_HAS.includes(name)
    if (!builtIn && !cgroups.controllers.includes(name)) {
      lacks(`cgroups.${name}`, 'the kernel has no such controller, or it is not mounted', false)
    }
  }
  if (!seccomp) lacks('seccomp', 'the kernel was built without it', true)
  if (!overlay) lacks('overlay', 'the kernel has no overlay filesystem; images are copied', false)
  if (lsm.reason !== null) lacks('lsm.apparmor', lsm.reason, false)
  for (const [name, library] of [
    ['lxc', lxc],
    ['zfs.core', zfsCore],
    ['zfs.nvpair', nvpair],
  ] as const) {
    if (library.state === 'missing')
      lacks(name, `${library.soname}: ${library.reason}`, name === 'lxc')
  }
  return Object.freeze({
    kernel,
    root,
    userNamespaces: userNs === null,
    cgroups,
    lsm: { apparmor: lsm.enabled, profile: lsm.profile },
    seccomp,
    overlay,
    lxc,
    zfs: { core: zfsCore, nvpair },
    missing,
  })
}

function cgroupFeatures(): HostFeatures['cgroups'] {
  try {
    const cgroups = Cgroups.mounted()
    const { layout, controllers } = cgroups
    cgroups.close()
    return { layout, controllers }
  } catch {
    return { layout: null, controllers: [] }
  }
}

async function whyNoUserNs(): Promise<string | null> {
  try {
    const map = [{ nsId: 0, hostId: 65536, count: 1 }]
    const fd = await createUserNs(map, map)
    await new Promise((resolve) => close(fd, resolve))
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function isSupported(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = MINIMUM_KERNEL.split('.').map(Number)
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
}

async function text(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
