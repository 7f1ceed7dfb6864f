// Files inside a guest that name it: hostname, hosts, resolv.conf, machine-id. A file whose owner may
// not write it is left alone: `chmod u-w FILE` is how an administrator keeps one. So is one of more than 64 KiB.

import { randomBytes } from 'node:crypto'
import type { Operation } from '../host/operation.js'
import type { FileInfo, FileOp, FileTarget } from '../keeper/types.js'
import { deadline } from '../host/deadline.js'
import { isNotRunning } from '../keeper/errors.js'
import type { Keeper } from '../keeper/keeper.js'
import { hostnameOfId, shortHostname } from './hostname.js'
import { DEFAULT_HOSTS, withHostname } from './hosts-file.js'
import type { ContainerRecord } from './record.js'

/** A file as it should be, given what it is now (null: it is not there). */
export interface GuestFile {
  readonly path: string
  readonly mode: number
  readonly content: (now: string | null) => string | null
}

// Answers of the keeper travel in one message.
const LIMIT = 2 ** 16

const SETTLE_MS = 30_000

/** The distribution's own file for its name; none for those that get it from elsewhere. */
export function hostnameFiles(distribution: string, hostname: string): GuestFile[] {
  const short = shortHostname(hostname)
  const whole = (path: string, text: string): GuestFile => ({
    path,
    mode: 0o644,
    content: () => text,
  })
  switch (distribution) {
    case 'nixos':
    case 'guix':
      return []
    case 'almalinux':
    case 'centos':
    case 'fedora':
    case 'opensuse':
    case 'rocky':
      return [whole('/etc/hostname', `${hostname}\n`)]
    case 'gentoo':
      return [whole('/etc/conf.d/hostname', `hostname="${hostname}"\n`)]
    case 'slackware':
      return [whole('/etc/HOSTNAME', `${hostname}\n`)]
    default:
      return [whole('/etc/hostname', `${short}\n`)]
  }
}

export function hostsFile(hostname: string): GuestFile {
  return {
    path: '/etc/hosts',
    mode: 0o644,
    content: (now) => withHostname(now ?? DEFAULT_HOSTS, hostname),
  }
}

export function resolvConf(resolvers: readonly string[]): GuestFile {
  const lines = [...resolvers.map((address) => `nameserver ${address}`), 'options edns0']
  return { path: '/etc/resolv.conf', mode: 0o644, content: () => `${lines.join('\n')}\n` }
}

/** Unique per container: DHCP, the journal and D-Bus identify the machine by it. */
export function machineId(): GuestFile {
  const id = randomBytes(16)
  // A random UUID (RFC 9562 version 4), as systemd makes its own.
  id.writeUInt8((id.readUInt8(6) & 0x0f) | 0x40, 6)
  id.writeUInt8((id.readUInt8(8) & 0x3f) | 0x80, 8)
  return { path: '/etc/machine-id', mode: 0o444, content: () => `${id.toString('hex')}\n` }
}

/** What is at a path now: its text, and whether it may be replaced. */
export interface Present {
  readonly text: string | null
  readonly writable: boolean
  /** Of whatever is there. */
  readonly info: FileInfo | null
}

export const ABSENT: Present = { text: null, writable: true, info: null }

/** Files that were changed, as they were. */
export type FilesBefore = Map<string, Present>

/** The edits that make the files so. A file that is right, or that is kept by its owner, has none. */
export function editsFor(files: readonly GuestFile[], present: readonly Present[]): FileOp[] {
  return files.flatMap(({ path, mode, content }, index) => {
    const { text, writable } = present[index] ?? ABSENT
    const wanted = content(text)
    if (wanted === null || wanted === text || !writable) return []
    return [{ op: 'write', path, data: Buffer.from(wanted), mode, mkdirs: true }]
  })
}

type Named = Pick<ContainerRecord, 'config' | 'id'>

/** The files with its name: its own hostname, or the one that follows from its id. */
export function nameFiles({ config, id }: Named): GuestFile[] {
  const hostname = config.hostname ?? hostnameOfId(id)
  return [...hostnameFiles(config.distribution, hostname), hostsFile(hostname)]
}

/** The file with its resolvers; none where it has its own. */
export function resolverFiles({ config }: Named): GuestFile[] {
  return config.dns_resolvers == null ? [] : [resolvConf(config.dns_resolvers)]
}

/**
 * Brings files of a container up to date, and to the disk where its pool is durable.
 *
 * @param more further steps in the same go
 * @param before gets those that are changed
 */
export async function writeGuestFiles(
  op: Operation,
  record: ContainerRecord,
  files: readonly GuestFile[],
  more: readonly FileOp[] = [],
  before: FilesBefore = new Map(),
): Promise<void> {
  await inGuestFiles(op, record, (keeper, target) =>
    write(record, keeper, target, files, record.run.alive ? more : [], before),
  )
}

/** For one that is a copy: a machine of its own. */
export async function replaceMachineId(op: Operation, record: ContainerRecord): Promise<void> {
  const steps = editsFor([machineId()], [])
  await inGuestFiles(op, record, (keeper, target) => edit(record, keeper, target, steps))
}

async function inGuestFiles(
  op: Operation,
  record: ContainerRecord,
  work: (keeper: Keeper, target: FileTarget) => Promise<void>,
): Promise<void> {
  const keeper = await record.host.keeper()
  const { run } = record
  using limit = deadline(`files of ${record.name}`, SETTLE_MS, op.signal)
  for (;;) {
    const { state, runs } = run
    try {
      return await record.withFiles(op, (target) => work(keeper, target))
    } catch (error) {
      if (!isNotRunning(error)) throw error
    }
    // It has ended, or is about to begin, which we are told in a moment. Its files are there all the same.
    await run.until(
      () => (run.state === state && run.runs === runs ? undefined : true),
      limit.signal,
    )
  }
}

/** Puts files back as they were. What was no regular file, and was replaced, is not. */
export async function restoreGuestFiles(
  op: Operation,
  record: ContainerRecord,
  before: FilesBefore,
): Promise<void> {
  const made: FileOp[] = []
  const changed: FileOp[] = []
  for (const [path, { text, info }] of before) {
    if (info === null) made.push({ op: 'unlink', path })
    else if (text !== null)
      changed.push({ op: 'write', path, data: Buffer.from(text), mode: info.mode & 0o777 })
  }
  await inGuestFiles(op, record, async (keeper, target) => {
    // Some of them were not made after all.
    if (made.length > 0) await keeper.edit(target, made)
    await edit(record, keeper, target, changed)
  })
}

async function write(
  { pool }: ContainerRecord,
  keeper: Keeper,
  target: FileTarget,
  files: readonly GuestFile[],
  more: readonly FileOp[],
  before: FilesBefore,
): Promise<void> {
  const looks = files.flatMap(({ path }): FileOp[] => [
    { op: 'lstat', path },
    { op: 'read', path, limit: LIMIT },
  ])
  const seen = looks.length === 0 ? [] : await keeper.edit(target, looks)
  const present = files.map((_, index): Present => {
    const info = seen[2 * index]?.stat ?? null
    const data = seen[2 * index + 1]?.data ?? null
    // A link is replaced by a file; its own mode says nothing.
    const isFile = info?.type === 'file'
    // Nor is one replaced that cannot be read, as it is too large: what is in it would be lost.
    const kept = isFile && ((info.mode & 0o200) === 0 || data === null)
    const text = isFile ? (data?.toString() ?? null) : null
    return { text, writable: !kept, info }
  })
  for (const [index, file] of files.entries()) {
    const now = present[index]
    if (now === undefined || before.has(file.path)) continue
    if (editsFor([file], [now]).length > 0) before.set(file.path, now)
  }
  await edit({ pool }, keeper, target, [...editsFor(files, present), ...more])
}

async function edit(
  { pool }: Pick<ContainerRecord, 'pool'>,
  keeper: Keeper,
  target: FileTarget,
  steps: readonly FileOp[],
): Promise<void> {
  if (steps.length === 0) return
  const results = await keeper.edit(target, steps, { flush: pool.marker.durable })
  for (const { error } of results) if (error !== null) throw error
}
