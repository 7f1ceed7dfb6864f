// Finds out which init a root filesystem has. The tree may be anybody's: every path is resolved
// below its root.

import { close, read } from 'node:fs'
import { promisify } from 'node:util'
import { RootDir } from '../ns/root-dir.js'
import { initKindOf, type InitKind } from './init.js'

const readDescriptor = promisify(read)
const closeDescriptor = promisify(close)

const MAX_LINKS = 16

export interface DetectedInit {
  readonly kind: InitKind
  /** The version of systemd, where it is that and tells. */
  readonly systemdVersion: number | null
}

export async function detectInit(rootfs: string): Promise<DetectedInit> {
  await using root = await RootDir.open(rootfs)
  const program = await follow(root, '/sbin/init')
  if (program === null) return { kind: 'other', systemdVersion: null }
  const kind = initKindOf(program)
  if (kind === 'systemd') return { kind, systemdVersion: await systemdVersion(root, program) }
  // sysvinit is a program called init, and has its table.
  const table = kind === 'other' ? await root.stat('/etc/inittab').catch(() => null) : null
  return { kind: table === null ? kind : 'sysvinit', systemdVersion: null }
}

/** Where a path leads to; null when there is nothing. */
async function follow(root: RootDir, path: string): Promise<string | null> {
  let at = path
  for (let links = 0; links < MAX_LINKS; links++) {
    const target = await root.readlink(at).catch((error: unknown) => {
      if (code(error) === 'EINVAL') return ''
      if (code(error) === 'ENOENT' || code(error) === 'ENOTDIR') return null
      throw error
    })
    if (target === null) return null
    if (target === '') return at
    // Not shortened: `/sbin` may be a link itself, and then `..` is elsewhere.
    at = target.startsWith('/') ? target : `${at.slice(0, at.lastIndexOf('/'))}/${target}`
  }
  return null
}

// The program names its own library, with the version, among the first things in the file.
async function systemdVersion(root: RootDir, program: string): Promise<number | null> {
  const fd = await root.openFile(program)
  try {
    const { buffer, bytesRead } = await readDescriptor(fd, Buffer.alloc(65536), 0, 65536, 0)
    return versionIn(buffer.subarray(0, bytesRead))
  } finally {
    await closeDescriptor(fd)
  }
}

/** The version of systemd that a program was linked with. */
export function versionIn(program: Buffer): number | null {
  const version = /libsystemd-(?:core|shared)-(\d{1,6})\b/.exec(program.toString('latin1'))?.[1]
  return version === undefined ? null : Number(version)
}

function code(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
