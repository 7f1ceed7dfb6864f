// Mounts by descriptor: made detached, then put somewhere.
import type { IdMapEntry } from '#native'
import { ClosedError, traced } from '../errors.js'
import { native } from '../native.js'

export type { IdMapEntry } from '#native'

/** MOUNT_ATTR_ bits, under the names that mount(8) has for them. */
export const mountAttributes = {
  ro: 0x1,
  nosuid: 0x2,
  nodev: 0x4,
  noexec: 0x8,
  noatime: 0x10,
  nosymfollow: 0x200000,
} as const
export type MountAttribute = keyof typeof mountAttributes

function bits(names: readonly MountAttribute[]): number {
  return names.reduce((sum, name) => sum | mountAttributes[name], 0)
}

/** A descriptor of a user namespace with these maps; no process is kept for it. */
export async function createUserNs(
  uidMap: readonly IdMapEntry[],
  gidMap: readonly IdMapEntry[],
): Promise<number> {
  return traced(native.ns.createUserNs([...uidMap], [...gidMap]))
}

/** A detached mount. It is unmounted with its last descriptor unless it was put somewhere. */
export class Mount implements AsyncDisposable {
  #fd: number | null
  /** Whose it is: what its unmount may have to wait for. */
  readonly #dataset: string | null

  private constructor(fd: number, dataset: string | null = null) {
    this.#fd = fd
    this.#dataset = dataset
  }

  /** A copy of the mount at `path`, with the ids of `userNs` when given. */
  static async clone(
    path: string,
    options: { userNs?: number; attributes?: readonly MountAttribute[]; recursive?: boolean } = {},
  ): Promise<Mount> {
    const { userNs = null, attributes = [], recursive = false } = options
    const fd = native.ns.cloneMount(path, userNs, bits(attributes), recursive)
    return new Mount(await traced(fd))
  }

  /** A new filesystem. `true` makes an option a flag. */
  static async create(
    type: string,
    options: Readonly<Record<string, string | true>> = {},
    attributes: readonly MountAttribute[] = [],
  ): Promise<Mount> {
    const pairs = Object.entries(options).map(([key, value]): [string, string | null] => [
      key,
      value === true ? null : value,
    ])
    const fd = await traced(native.ns.newMount(type, pairs, bits(attributes)))
    const { source } = options
    return new Mount(fd, type === 'zfs' && typeof source === 'string' ? source : null)
  }

  get fd(): number {
    if (this.#fd === null) throw new ClosedError('mount')
    return this.#fd
  }

  /** Changes attributes; an id map can be given once, before the mount is put somewhere. */
  async setAttributes(
    options: {
      set?: readonly MountAttribute[]
      clear?: readonly MountAttribute[]
      userNs?: number
      recursive?: boolean
    } = {},
  ): Promise<void> {
    const { set = [], clear = [], userNs = null, recursive = false } = options
    return traced(native.ns.setMountAttributes(this.fd, bits(set), bits(clear), userNs, recursive))
  }

  /** Puts it at `path`. */
  async moveTo(path: string): Promise<void> {
    return traced(native.ns.moveMount(this.fd, path))
  }

  async close(): Promise<void> {
    const fd = this.#fd
    this.#fd = null
    if (fd !== null) await traced(native.ns.closeMount(fd, this.#dataset))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** `detach` makes it vanish at once, also when in use. */
export async function umount(path: string, { detach = false } = {}): Promise<void> {
  return traced(native.ns.umount(path, detach))
}
