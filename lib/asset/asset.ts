// What something is made of, in files and in the kernel, and whether all of that is as it should be.

import { lstat } from 'node:fs/promises'
import { quoted } from '../quoted.js'

export interface Asset {
  readonly type: 'directory' | 'file' | 'socket' | 'dataset' | 'cgroup' | 'process' | 'interface'
  /** Its path, name or process id. */
  readonly path: string
  /** What it is for. */
  readonly purpose: string
  readonly state: 'valid' | 'invalid'
  /** What is wrong with it. */
  readonly errors: readonly string[]
  /** A command that mends it; null where there is none. */
  readonly mend: string | null
}

/** How a file or a directory should be. */
export interface Expected {
  readonly type: 'directory' | 'file' | 'socket'
  readonly path: string
  readonly purpose: string
  /** All permissions that it may have. Fewer do no harm to root. */
  readonly mode: number
  /** It may be missing. */
  readonly optional?: boolean
}

export function asset(
  { type, path, purpose }: Pick<Asset, 'type' | 'path' | 'purpose'>,
  errors: readonly string[] = [],
  mend: string | null = null,
): Asset {
  const state = errors.length === 0 ? 'valid' : 'invalid'
  return Object.freeze({ type, path, purpose, state, errors: Object.freeze(errors), mend })
}

/** Looks at each of them. One that is optional and not there is left out. */
export async function assetsAt(expected: readonly Expected[]): Promise<Asset[]> {
  return (await Promise.all(expected.map(look))).flat()
}

const S_IFMT = 0o170000 // inode(7)
const KINDS: Readonly<Record<Expected['type'], number>> = {
  directory: 0o040000,
  file: 0o100000,
  socket: 0o140000,
}

async function look(expected: Expected): Promise<Asset[]> {
  const { type, path, mode, optional = false } = expected
  let found: Awaited<ReturnType<typeof lstat>>
  try {
    found = await lstat(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    if (code === 'ENOENT' && optional) return []
    const reason = code === 'ENOENT' ? 'it does not exist' : `it cannot be looked at: ${code}`
    return [asset(expected, [reason])]
  }
  if ((found.mode & S_IFMT) !== KINDS[type]) return [asset(expected, [`it is no ${type}`])]
  const errors: string[] = []
  const mends: string[] = []
  if (found.uid !== 0 || found.gid !== 0) {
    errors.push(`it belongs to ${found.uid}:${found.gid}`)
    mends.push(`chown 0:0 ${quoted(path)}`)
  }
  const more = found.mode & 0o7777 & ~mode
  if (more !== 0) {
    errors.push(`its mode is ${octal(found.mode & 0o7777)}, at most ${octal(mode)}`)
    mends.push(`chmod ${octal(found.mode & mode)} ${quoted(path)}`)
  }
  return [asset(expected, errors, mends.length === 0 ? null : mends.join(' && '))]
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0')
