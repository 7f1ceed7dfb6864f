// Trees that are hard to make by path, and all that can be said about one.
import { linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'

/**
 * Directories `depth` levels deep, beyond the length of any path, and at the bottom files, each under
 * all these names.
 */
export function digDeep(top: string, depth: number, ...files: string[][]): void {
  const cwd = process.cwd()
  mkdirSync(top)
  try {
    process.chdir(top)
    for (let i = 0; i < depth; i++) {
      mkdirSync('directory')
      process.chdir('directory')
    }
    for (const [first = '', ...others] of files) {
      writeFileSync(first, 'x')
      for (const name of others) linkSync(first, name)
    }
  } finally {
    process.chdir(cwd)
  }
}

/** What was there a moment ago may be gone: a guest that starts makes and removes files. */
function unlessGone<T>(look: () => T): T | null {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

const slash = Buffer.from('/')

/** One line an entry: path, type and mode, owner, size, times, link target, device. */
export function listTree(top: string): string[] {
  const lines: string[] = []
  const visit = (path: Buffer, name: string): void => {
    const s = unlessGone(() => lstatSync(path, { bigint: true }))
    const target = s?.isSymbolicLink() === true ? unlessGone(() => readlinkSync(path)) : ''
    if (s === null || target === null) return
    const size = s.isDirectory() ? 0 : s.size
    const links = s.isDirectory() ? 0 : s.nlink
    lines.push(
      [name, s.mode.toString(8), s.uid, s.gid, size, links, s.mtimeNs, s.rdev, target].join(' '),
    )
    if (!s.isDirectory()) return
    for (const entry of unlessGone(() => readdirSync(path, { encoding: 'buffer' })) ?? []) {
      const below = entry.toString('latin1')
      visit(Buffer.concat([path, slash, entry]), name === '.' ? below : `${name}/${below}`)
    }
  }
  lstatSync(top)
  visit(Buffer.from(top), '.')
  return lines.sort()
}

/** A line of it, without the one part that says when and not what. */
export function withoutTime(line: string): string {
  return line.replace(/ \d{19} /, ' ')
}
