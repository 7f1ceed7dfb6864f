// Finds out which init a root filesystem has. The tree may be anybody's: every path is resolved
// below its root.

import { close, read } from 'node:fs'
import { promisify } from 'node:util'
import type { Keeper } from '../keeper/keeper.js'
import type { FileTarget } from '../keeper/types.js'
import type { RootDir } from '../ns/root-dir.js'
import { initKindOf, type InitKind } from './init.js'

const readDescriptor = promisify(read)
const closeDescriptor = promisify(close)

const MAX_LINKS = 16
/** Bytes of a program among which the names of its libraries are. */
const HEAD = 65_536

export interface DetectedInit {
  readonly kind: InitKind
  /** The version of systemd, where it is that and tells. */
  readonly systemdVersion: number | null
}

/** What has to be known of the tree. */
export interface InitTree {
  /** Where a link leads to; '' for what is none, null for what is not there. */
  readlink(path: string): Promise<string | null>
  exists(path: string): Promise<boolean>
  /** The beginning of a file. */
  head(path: string, size: number): Promise<Buffer>
}

export async function detectInit(tree: InitTree): Promise<DetectedInit> {
  const program = await follow(tree, '/sbin/init')
  if (program === null) return { kind: 'other', systemdVersion: null }
  const kind = initKindOf(program)
  if (kind === 'systemd') {
    return { kind, systemdVersion: versionIn(await tree.head(program, HEAD)) }
  }
  // sysvinit is a program called init, and has its table.
  const table = kind === 'other' && (await tree.exists('/etc/inittab'))
  return { kind: table ? 'sysvinit' : kind, systemdVersion: null }
}

/** Where a path leads to; null when there is nothing. */
async function follow(tree: InitTree, path: string): Promise<string | null> {
  let at = path
  for (let links = 0; links < MAX_LINKS; links++) {
    const target = await tree.readlink(at)
    if (target === null) return null
    if (target === '') return at
    // Not shortened: `/sbin` may be a link itself, and then `..` is elsewhere.
    at = target.startsWith('/') ? target : `${at.slice(0, at.lastIndexOf('/'))}/${target}`
  }
  return null
}

/** The version of systemd that a program was linked with: it names its own library. */
export function versionIn(program: Buffer): number | null {
  const version = /libsystemd-(?:core|shared)-(\d{1,6})\b/.exec(program.toString('latin1'))?.[1]
  return version === undefined ? null : Number(version)
}

const isNoLink = (error: unknown): string | null => {
  if (code(error) === 'EINVAL') return ''
  if (code(error) === 'ENOENT' || code(error) === 'ENOTDIR') return null
  throw error
}

/** A tree that this process reads itself. */
export function treeIn(root: RootDir): InitTree {
  return {
    readlink: (path) => root.readlink(path).catch(isNoLink),
    exists: (path) =>
      root.stat(path).then(
        () => true,
        () => false,
      ),
    head: async (path, size) => {
      const fd = await root.openFile(path)
      try {
        const { buffer, bytesRead } = await readDescriptor(fd, Buffer.alloc(size), 0, size, 0)
        return buffer.subarray(0, bytesRead)
      } finally {
        await closeDescriptor(fd)
      }
    },
  }
}

/** That of a container, which the keeper looks at as its root. */
export function treeOf(keeper: Keeper, target: FileTarget): InitTree {
  return {
    readlink: async (path) => {
      const [result] = await keeper.edit(target, [{ op: 'readlink', path }])
      return result?.error ? isNoLink(result.error) : (result?.target ?? null)
    },
    exists: async (path) => {
      const [result] = await keeper.edit(target, [{ op: 'stat', path }])
      return result !== undefined && result.error === null
    },
    head: async (path, size) => {
      const chunks: Buffer[] = []
      let length = 0
      for await (const chunk of await keeper.openFile(target, path)) {
        chunks.push(chunk as Buffer)
        length += (chunk as Buffer).length
        if (length >= size) break
      }
      return Buffer.concat(chunks).subarray(0, size)
    },
  }
}

function code(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
