// A dataset mounted for this process alone, nowhere in any mount namespace: it is reached by descriptor,
// and unmounted with it, however the process ends.

import { Mount, type MountAttribute } from '../../ns/mount.js'

export class DatasetMount implements AsyncDisposable {
  readonly #mount: Mount

  private constructor(mount: Mount) {
    this.#mount = mount
  }

  /** @throws SystemError ENOENT when there is no such dataset, ENODEV without ZFS in the kernel */
  static async of(
    dataset: string,
    attributes: readonly MountAttribute[] = [],
  ): Promise<DatasetMount> {
    const wanted: MountAttribute[] = ['nodev', 'nosuid', ...attributes]
    return new DatasetMount(await Mount.create('zfs', { source: dataset }, wanted))
  }

  /** A path to it, also for children of this process: these have other descriptors in `/proc/self`. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#mount.fd}`
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#mount.close()
  }
}
