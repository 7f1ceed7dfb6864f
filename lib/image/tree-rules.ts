// Decides which entries of an archive may become part of a root filesystem.

import type { TarEntry } from './tar-scan.js'
import type { TarType } from './tar-header.js'
import type { EntryReason } from './errors.js'

/** PATH_MAX and NAME_MAX of Linux. */
const MAX_PATH = 4095
const MAX_NAME = 255

/** Keeps what has been seen of the tree, and judges the next entry by it. */
export class TreeRules {
  readonly #seen = new Map<string, TarType>([['', 'directory']])
  #names = 0

  /** Entries accepted so far, the root not counted. */
  get size(): number {
    return this.#seen.size - 1
  }

  /** Characters of all paths, which are kept until the end. */
  get names(): number {
    return this.#names
  }

  /** Takes the entry into the tree, or says why it must not be there. */
  add(entry: TarEntry): EntryReason | null {
    if (entry.name.startsWith('/')) return 'absolute-path'
    const parts = split(entry.name)
    if (parts.includes('..')) return 'parent-path'
    if (entry.name.length > MAX_PATH || parts.some((part) => part.length > MAX_NAME)) {
      return 'bad-name'
    }
    const path = parts.join('/')
    if (path === '') return entry.type === 'directory' && entry.name !== '' ? null : 'bad-name'
    return this.#parents(path) ?? this.#content(entry, parts) ?? this.#place(path, entry.type)
  }

  // What leads to the entry must be directories. Those that have no entry are made by tar.
  // Above one that is known all are: the way up is gone no farther, as archives may have deep ones.
  #parents(path: string): EntryReason | null {
    const missing: string[] = []
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const parent = path.slice(0, end)
      const type = this.#seen.get(parent)
      if (type === 'directory') break
      if (type !== undefined) return 'not-beneath-directory'
      missing.push(parent)
    }
    for (const parent of missing) this.#set(parent, 'directory')
    return null
  }

  #content(entry: TarEntry, parts: readonly string[]): EntryReason | null {
    switch (entry.type) {
      case 'symlink':
        return climbsOut(entry.link, parts.length - 1) ? 'link-outside' : null
      case 'link':
        return this.#hardLink(entry.link)
      case 'character-device':
      case 'block-device':
        return parts[0] === 'dev' && parts.length > 1 ? null : 'device-outside-dev'
      case 'file':
      case 'directory':
      case 'fifo':
        return null
    }
  }

  #hardLink(target: string): EntryReason | null {
    const parts = split(target)
    if (target.startsWith('/') || parts.includes('..')) return 'link-outside'
    // Beneath a symbolic link there is nothing in the map, so such a target is refused too.
    const type = this.#seen.get(parts.join('/'))
    return type === undefined || type === 'directory' ? 'link-target' : null
  }

  #place(path: string, type: TarType): EntryReason | null {
    const before = this.#seen.get(path)
    if (before !== undefined && (before !== 'directory' || type !== 'directory')) return 'duplicate'
    this.#set(path, type)
    return null
  }

  #set(path: string, type: TarType): void {
    if (!this.#seen.has(path)) this.#names += path.length
    this.#seen.set(path, type)
  }
}

function split(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

// A symbolic link is resolved in the guest, so an absolute one is fine. One that climbs above the
// root was made for another tree.
function climbsOut(link: string, depth: number): boolean {
  if (link.startsWith('/')) return false
  let level = depth
  for (const part of split(link)) {
    level += part === '..' ? -1 : 1
    if (level < 0) return true
  }
  return false
}
