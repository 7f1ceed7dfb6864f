// Mounts that several use at the same time: a dataset that is mounted and unmounted by many at once is busy
// most of the time.

import type { MountAttribute } from '../../ns/mount.js'
import { DatasetMount } from './dataset-mount.js'

interface Shared {
  readonly mount: Promise<DatasetMount>
  users: number
}

export class SharedMounts {
  readonly #attributes: readonly MountAttribute[]
  readonly #shared = new Map<string, Shared>()

  constructor(attributes: readonly MountAttribute[]) {
    this.#attributes = attributes
  }

  /** Unmounted when the last one is disposed of, each of which counts once. */
  async open(dataset: string): Promise<AsyncDisposable & { readonly path: string }> {
    let shared = this.#shared.get(dataset)
    if (shared === undefined) {
      shared = { mount: DatasetMount.of(dataset, this.#attributes), users: 0 }
      this.#shared.set(dataset, shared)
    }
    const its = shared
    its.users++
    const leave = async (): Promise<void> => {
      if (--its.users > 0) return
      if (this.#shared.get(dataset) === its) this.#shared.delete(dataset)
      await (await its.mount)[Symbol.asyncDispose]()
    }
    let left: Promise<void> | null = null
    try {
      const { path } = await its.mount
      return { path, [Symbol.asyncDispose]: () => (left ??= leave()) }
    } catch (error) {
      this.#shared.delete(dataset)
      throw error
    }
  }
}
