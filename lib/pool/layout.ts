// Which directories a pool has and who may look into them: osctl's layout, so that pools move over.

import { chmod, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { assertDirectories } from './open-file.js'
import { isTemporary, poolError } from './write-file.js'

/** Directories in the pool's root, with their modes. Their order is the order of creation. */
export const DIRECTORIES: readonly (readonly [name: string, mode: number])[] = [
  ['ct', 0o511],
  ['conf', 0o500],
  ['conf/pool', 0o500],
  ['conf/ct', 0o500],
  ['conf/group', 0o500],
  ['conf/user', 0o500],
  ['conf/send-receive', 0o500],
  ['conf/repository', 0o500],
  ['conf/id-range', 0o500],
  ['hook', 0o500],
  ['hook/pool', 0o700],
  ['hook/ct', 0o700],
  ['log', 0o511],
  ['log/ct', 0o700],
  ['repository', 0o500],
  ['migration', 0o500],
  ['trash', 0o500],
]

const CONFIG = 'conf/pool/config.yml'

/** Paths of a pool, from its root. */
export class PoolLayout {
  constructor(readonly root: string) {}

  readonly marker = 'osctl-pool.yml'

  markerFile(): string {
    return join(this.root, this.marker)
  }

  poolFile(): string {
    return join(this.root, CONFIG)
  }

  /** The directory of the entities' files: `ct`, `user` or `id-range`. */
  conf(kind: 'ct' | 'user' | 'group' | 'id-range'): string {
    return join(this.root, 'conf', kind)
  }

  confFile(kind: 'ct' | 'user' | 'id-range', name: string): string {
    return join(this.conf(kind), `${name}.yml`)
  }

  groupFile(path: string): string {
    return join(this.conf('group'), path, 'config.yml')
  }

  /** The container's own directory: the rootfs is in `private` or in overlay's `upper`. */
  container(id: string): string {
    return join(this.root, 'ct', id)
  }

  log(id: string): string {
    return join(this.root, 'log/ct', `${id}.log`)
  }

  consoleLog(id: string): string {
    return join(this.root, 'log/ct', `${id}.console`)
  }

  history(): string {
    return join(this.root, 'log/.history')
  }

  trash(): string {
    return join(this.root, 'trash')
  }

  /** Whether there is nothing but what an installation has made that was cut off before its marker. */
  async isHalfMade(): Promise<boolean> {
    const ours = async (directory: string): Promise<boolean> => {
      const entries = await readdir(join(this.root, directory), { withFileTypes: true })
      const parts = entries.map(async (entry) => {
        const name = join(directory, entry.name)
        if (name === 'lost+found') return true
        if (entry.isFile()) return name === CONFIG || isTemporary(entry.name)
        return DIRECTORIES.some(([known]) => known === name) && entry.isDirectory() && ours(name)
      })
      return (await Promise.all(parts)).every(Boolean)
    }
    return ours('')
  }

  images(): string {
    return join(this.root, 'repository/images')
  }

  /**
   * Makes and corrects what is not as it should be; a pool that is fine may be read-only.
   *
   * @throws ConfigBrokenError where there is something else than a directory, which may lead out of the pool
   */
  async ensure(): Promise<void> {
    const wanted = DIRECTORIES.map(([name]) => join(this.root, name))
    await assertDirectories([...wanted, this.images()])
    try {
      for (const [name, mode] of DIRECTORIES) {
        const path = join(this.root, name)
        const found = await stat(path).catch(() => null)
        if (found === null) await mkdir(path)
        // Apart from `mkdir`, as the umask would change it.
        if (found === null || (found.mode & 0o7777) !== mode) await chmod(path, mode)
      }
    } catch (error) {
      throw poolError(error, this.root)
    }
  }
}
