// Files below a directory that is not to be trusted: a container's root.
import { close, constants, open } from 'node:fs'
import { promisify } from 'node:util'
import type { FileStat } from '#native'
import { ClosedError, traced } from '../errors.js'
import { native } from '../native.js'

export type { FileStat } from '#native'

const openDirectory = promisify(open)
const closeDescriptor = promisify(close)

export interface OwnedOptions {
  mode?: number
  uid?: number
  gid?: number
}

/**
 * Every path is resolved as if the directory were `/`: absolute links and `..` stay inside, magic
 * links are refused. Where a file is meant, a FIFO or a device node is `EINVAL` and is not opened.
 */
export class RootDir implements AsyncDisposable {
  #fd: number | null

  private constructor(fd: number) {
    this.#fd = fd
  }

  static async open(path: string): Promise<RootDir> {
    const flags = constants.O_RDONLY | constants.O_DIRECTORY
    return new RootDir(await openDirectory(path, flags))
  }

  /** Takes over a descriptor of a directory. */
  static adopt(fd: number): RootDir {
    return new RootDir(fd)
  }

  get fd(): number {
    if (this.#fd === null) throw new ClosedError('root directory')
    return this.#fd
  }

  /** A descriptor of a regular file, which the caller closes. `flags` as in `fs.constants`. */
  async openFile(path: string, flags: number = constants.O_RDONLY, mode = 0o644): Promise<number> {
    return traced(native.ns.openFileInRoot(this.fd, path, flags, mode))
  }

  /** `EFBIG` when there is more than `limit`. */
  async readFile(path: string, { limit = 1 << 20 } = {}): Promise<Buffer> {
    return traced(native.ns.readFileInRoot(this.fd, path, limit))
  }

  /** Replaces the file or link of that name at once. The directory must exist. */
  async writeFile(
    path: string,
    data: string | Uint8Array,
    { mode = 0o644, uid, gid }: OwnedOptions = {},
  ): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    return traced(native.ns.writeFileInRoot(this.fd, path, bytes, mode, uid ?? null, gid ?? null))
  }

  /** `mkdir -p`; the options are for what it makes. */
  async mkdir(path: string, { mode = 0o755, uid, gid }: OwnedOptions = {}): Promise<void> {
    return traced(native.ns.mkdirInRoot(this.fd, path, mode, uid ?? null, gid ?? null))
  }

  /** Replaces the file or link of that name at once. */
  async symlink(path: string, target: string): Promise<void> {
    return traced(native.ns.symlinkInRoot(this.fd, path, target))
  }

  async readlink(path: string): Promise<string> {
    return traced(native.ns.readlinkInRoot(this.fd, path))
  }

  async unlink(path: string): Promise<void> {
    return traced(native.ns.unlinkInRoot(this.fd, path))
  }

  /** Of what a link leads to. */
  async stat(path: string): Promise<FileStat> {
    return traced(native.ns.statInRoot(this.fd, path, true))
  }

  /** Of the link itself. */
  async lstat(path: string): Promise<FileStat> {
    return traced(native.ns.statInRoot(this.fd, path, false))
  }

  async close(): Promise<void> {
    const fd = this.#fd
    this.#fd = null
    if (fd !== null) await closeDescriptor(fd)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
