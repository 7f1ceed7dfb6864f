// Watches for filesystems without room, as what has failed for want of it rarely says so.
import { readFileSync, statfsSync } from 'node:fs'

const kinds = new Set(['tmpfs', 'overlay', 'ext4', 'xfs', 'btrfs', 'zfs'])

export function fullFilesystems(): string[] {
  const full: string[] = []
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, path = '', kind = '', options = ''] = line.split(' ')
    if (!kinds.has(kind) || !options.split(',').includes('rw')) continue
    try {
      const { blocks, bavail } = statfsSync(path)
      if (blocks > 0 && bavail === 0) full.push(path)
    } catch {
      // Unmounted meanwhile, or not for us.
    }
  }
  return full
}

export class DiskWatch {
  readonly #full = new Set<string>()
  readonly #timer = setInterval(() => this.#look(), 500)

  #look(): void {
    for (const path of fullFilesystems()) this.#full.add(path)
  }

  end(): string[] {
    clearInterval(this.#timer)
    this.#look()
    return [...this.#full]
  }
}
