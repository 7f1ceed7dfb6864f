// Puts a container's LXC configuration where liblxc reads it, when it is not there already.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  ConfigBrokenError,
  EngineError,
  InvalidArgumentError,
  UnsupportedError,
} from '../host/errors.js'
import { replaceRunFileNow } from '../host/run-file.js'
import { automaticMounts } from '../mount/dataset-mounts.js'
import type { Pool } from '../pool/pool.js'
import type { ContainerFile } from '../schema/container.js'
import { utsName } from './hostname.js'
import { announcesReadiness } from './init.js'
import { assertLogs } from './log-files.js'
import { lxcLock } from './lxc-lock.js'
import { checkForLxc } from './lxc-checks.js'
import { MASKED, renderLxcConfig, type LxcConfigInput, type LxcNetif } from './lxc-config.js'
import { clampPrlimits, type ClampedPrlimit } from './prlimit-clamp.js'
import type { ContainerRecord } from './record.js'
import type { Root } from './root.js'
import { isDelegatedTo, zfsDevice } from './zfs-device.js'

const COMMON_SECCOMP = fileURLToPath(new URL('../../share/seccomp/common.seccomp', import.meta.url))

const DEFAULT_INIT = ['/sbin/init']
/** The keeper has another one executed; whoever does not know of that can execute nothing. */
const NO_INIT = ['/dev/null/init']

export function seccompProfile(record: ContainerRecord): string {
  return record.config.seccomp_profile ?? COMMON_SECCOMP
}

/**
 * What liblxc opens beside its configuration, before it does: it waits for a FIFO, and reads a device for ever.
 *
 * @throws ConfigBrokenError
 */
export function assertForLxc(record: ContainerRecord): void {
  assertLogs(record.pool, record.id)
  assertSeccomp(record)
}

/** @throws ConfigBrokenError when it has a profile of its own that is not there */
export function assertSeccomp({ config, file }: ContainerRecord): void {
  const { seccomp_profile: profile } = config
  if (profile == null) return
  // The administrator's own, which may be a link.
  const found = existsSync(profile) ? statSync(profile) : null
  if (found?.isFile() === true) return
  const reason = `seccomp_profile: '${profile}' ${found ? 'is no regular file' : 'is not there'}`
  throw new ConfigBrokenError(file.path, reason, null, null)
}

/** The socket on which the guest's init says that it is up, if it is one that does. */
export function notifySocket({ pool, host, id }: ContainerRecord, { init }: Root): string | null {
  return announcesReadiness(init) ? host.paths.notify(pool.name, id) : null
}

/** What a run from an image has instead of these files. */
export function imageRunDirectory({ host, pool, id }: ContainerRecord): string {
  return join(host.paths.container(pool.name, id), 'boot')
}

export function writeImageRunFiles(record: ContainerRecord): void {
  writeFiles(imageRunDirectory(record), renderRecord(record, maskedHere(), record.root))
}

/** What a run for programs alone has instead of these files. */
export function programRunDirectory({ host, pool, id }: ContainerRecord): string {
  return join(host.paths.container(pool.name, id), 'program')
}

export function writeProgramRunFiles(record: ContainerRecord): void {
  const { ownRoot, programRun } = record
  const rendered = renderRecord(record, maskedHere(), ownRoot, programRun)
  writeFiles(programRunDirectory(record), rendered)
}

/**
 * Writes the files of runs from the container's own root if their content would change: the configuration,
 * and the arguments of init, which liblxc could not be told in it. Answers which limits had to be lowered.
 */
export function writeLxcFile(record: ContainerRecord): readonly ClampedPrlimit[] {
  const path = record.host.paths.lxcConfig(record.pool.name, record.id)
  const known = written.get(record)
  const masked = maskedHere()
  const root = record.ownRoot
  // A configuration is replaced, never changed, so the same one makes the same files.
  if (
    known?.config === record.config &&
    known.init === root.init &&
    known.masked === masked &&
    known.mark === mark(path)
  ) {
    return known.clamped
  }
  const rendered = renderRecord(record, masked, root)
  writeFiles(dirname(path), rendered)
  const { config } = record
  const { clamped } = rendered
  written.set(record, { config, init: root.init, masked, mark: mark(path), clamped })
  return clamped
}

/**
 * So that LXC's own tools find one that was never started. What it cannot have is told when it is to start.
 *
 * @throws only what is no error of the engine
 */
export function placeForTools(record: ContainerRecord): void {
  try {
    writeLxcFile(record)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
  }
}

function writeFiles(directory: string, { text, initCmd }: Rendered): void {
  writeIfChanged(join(directory, 'config'), text)
  writeIfChanged(join(directory, 'init'), initCmd.map((word) => `${word}\0`).join(''))
}

interface Rendered {
  readonly text: string
  readonly initCmd: readonly string[]
  readonly clamped: readonly ClampedPrlimit[]
}

interface Written {
  readonly config: ContainerFile
  readonly init: ContainerRecord['init']
  readonly masked: readonly string[]
  readonly mark: string
  readonly clamped: readonly ClampedPrlimit[]
}

const written = new WeakMap<ContainerRecord, Written>()

let seen: readonly string[] = []

// A module that is loaded later brings more. What is there once stays.
function maskedHere(): readonly string[] {
  const more = MASKED.filter((path) => !seen.includes(path) && existsSync(`/${path}`))
  if (more.length > 0) seen = [...seen, ...more]
  return seen
}

// Another file, or one that somebody has changed, has another one.
function mark(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? '' : `${path} ${found.ino} ${found.size} ${found.mtimeNs}`
}

function writeIfChanged(path: string, text: string): void {
  if (current(path) !== text) replaceRunFileNow(path, text, 0o644)
}

// In one go: the file is small and in memory, and four turns of the thread pool take longer than
// all else that happens here before a start.
function current(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

export async function removeLxcFile({ host, name }: Pool, id: string): Promise<void> {
  await Promise.all([
    rm(host.paths.container(name, id), { recursive: true, force: true }),
    rm(lxcLock(host.paths.lxc(name), id), { force: true }),
  ])
}

/** @param program for a run of programs alone; @throws ConfigBrokenError */
function renderRecord(
  record: ContainerRecord,
  masked: readonly string[],
  root: Root,
  program: { readonly network: boolean } | null = null,
): Rendered {
  const { config, host, pool, id, user } = record
  const { prlimits, clamped } = clampPrlimits(config.prlimits, host.prlimitBounds)
  const cgroupVersion = host.cgroups.layout === 'unified' ? 2 : 1
  const own = [...(config.init_cmd ?? DEFAULT_INIT), ...initArguments(root, cgroupVersion)]
  const initCmd = program === null ? own : NO_INIT
  const input: LxcConfigInput = {
    hostname: utsName(id, config.hostname ?? null, root.distribution),
    arch: config.arch,
    rootfs: host.paths.rootfs(pool.name, id),
    uidMap: user.uidMap,
    gidMap: user.gidMap,
    init: root.init,
    initCmd,
    programRun: program !== null,
    cgroup: {
      container: record.cgroup,
      // For others than the keeper, whose monitors stay where it is itself.
      monitor: `${record.userCgroup}/monitor.${record.id}`,
      pivot: `${host.cgroupRoot}/pivot`,
    },
    cgroupVersion,
    cgparams: config.cgparams.filter(({ subsystem }) => host.cgroups.version(subsystem) !== null),
    prlimits,
    seccompProfile: seccompProfile(record),
    apparmorProfile: host.apparmorProfile,
    masked,
    netif: program === null || program.network ? netif(record) : null,
    mounts: mountpoints(config, root).map((at, index) => ({
      source: `${host.paths.rootfs(pool.name, id)}.mounts/${index}`,
      at,
    })),
    devices: isDelegatedTo(config) ? [zfsDevice()] : [],
    nesting: config.nesting,
    logFile: pool.layout.log(id),
    consoleLog: pool.layout.consoleLog(id),
    notifySocket: program === null ? notifySocket(record, root) : null,
    rawLxc: config.raw.lxc ?? '',
  }
  try {
    checkForLxc(config)
    return { text: renderLxcConfig(input), initCmd, clamped }
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new ConfigBrokenError(record.file.path, error.message, null, null, { cause: error })
  }
}

/** In the order in which the keeper is told of them. */
function mountpoints(config: ContainerFile, { ownAt }: Root): string[] {
  return [ownAt ?? [], ...automaticMounts(config).map(({ mountpoint }) => mountpoint)].flat()
}

// In a container systemd takes its kernel command line from its own arguments. Where the controllers
// are in v1 hierarchies it must be told to use these; from 256 on it must be told twice, and from
// 258 on it cannot at all, and runs with the unified hierarchy alone.
function initArguments({ init, systemdVersion: version }: Root, cgroupVersion: 1 | 2): string[] {
  if (init !== 'systemd' || cgroupVersion === 2 || (version ?? 0) >= 258) return []
  return ['systemd.unified_cgroup_hierarchy=0', 'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1']
}

function netif({ config, interfaceName, name }: ContainerRecord): LxcNetif | null {
  const [first, ...more] = config.net_interfaces
  if (first === undefined) return null
  if (more.length > 0 || first.type !== 'bridge' || first.link == null) {
    throw new UnsupportedError(`network of ${name}`, 'only one interface on a bridge can be had')
  }
  return { link: first.link, name: first.name, hwaddr: first.hwaddr ?? null, pair: interfaceName }
}
