// A dataset mounted for this process alone, nowhere in any mount namespace: it is reached by descriptor,
// and unmounted with it, however the process ends.

import { setTimeout as sleep } from 'node:timers/promises'
import { SystemError } from '../../errors.js'
import { TimeoutError } from '../../host/errors.js'
import { Mount, type MountAttribute } from '../../ns/mount.js'
import { call, type ZfsOptions } from '../../zfs/call.js'

// Two who mount a dataset that is mounted nowhere find no superblock of it yet and each make one; but only
// one can own the dataset, zpl_mount_impl() and zfsvfs_create(). The other one has the first one's when it
// tries again.
const PATIENCE_MS = 5000
const RETRY_MS = 5

export class DatasetMount implements AsyncDisposable {
  readonly #mount: Mount
  readonly #dataset: string

  private constructor(mount: Mount, dataset: string) {
    this.#mount = mount
    this.#dataset = dataset
  }

  /**
   * @throws SystemError ENOENT when there is no such dataset, ENODEV without ZFS in the kernel, EBUSY when it
   *   is being received or rolled back for long; TimeoutError as calls of ZFS do
   */
  static async of(
    dataset: string,
    attributes: readonly MountAttribute[] = [],
  ): Promise<DatasetMount> {
    const wanted: MountAttribute[] = ['nodev', 'nosuid', ...attributes]
    const end = performance.now() + PATIENCE_MS
    for (;;) {
      try {
        return new DatasetMount(await make(dataset, wanted), dataset)
      } catch (error) {
        const busy = error instanceof SystemError && error.code === 'EBUSY'
        if (!busy || performance.now() >= end) throw error
      }
      await sleep(RETRY_MS)
    }
  }

  /** A path to it, also for children of this process: these have other descriptors in `/proc/self`. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#mount.fd}`
  }

  /** @throws TimeoutError when what was written does not come to the disk; it is unmounted when that has */
  close(options: ZfsOptions = {}): Promise<void> {
    return call(`unmount ${this.#dataset}`, () => this.#mount.close(), options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

async function make(dataset: string, attributes: readonly MountAttribute[]): Promise<Mount> {
  const making = Mount.create('zfs', { source: dataset }, attributes)
  try {
    return await call(`mount ${dataset}`, () => making, {})
  } catch (error) {
    // One that comes later is nobody's.
    if (error instanceof TimeoutError) {
      void making.then((late) => late.close()).catch(() => undefined)
    }
    throw error
  }
}
