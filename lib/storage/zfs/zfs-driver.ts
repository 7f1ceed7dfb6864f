// Containers in datasets of their own: `ct/ID`, cloned from the image's, with the rootfs in `private`.
// They are mounted by the keeper, in its mount namespace, and nowhere else.

import type { RootfsPlan } from '../../keeper/types.js'
import type { PoolLayout } from '../../pool/layout.js'
import { cloneSnapshot, datasetExists, renameDataset } from '../../zfs/datasets.js'
import { listDatasets } from '../../zfs/list.js'
import type { IdMaps, Place, RootfsSource, StorageCapabilities, StorageDriver } from '../driver.js'
import { Trash } from './trash.js'
import { ZfsImages } from './zfs-images.js'

export class ZfsDriver implements StorageDriver {
  readonly name = 'zfs'
  readonly capabilities: StorageCapabilities = Object.freeze({
    instantClone: true,
    snapshots: true,
    quotas: true,
    limitations: [],
  })
  readonly images: ZfsImages
  readonly trash: Trash
  readonly dataset: string
  readonly #containers: string

  /** @param dataset the pool's */
  constructor(layout: PoolLayout, dataset: string) {
    this.dataset = dataset
    this.trash = new Trash(dataset)
    this.images = new ZfsImages(layout.root, dataset, this.trash)
    this.#containers = `${dataset}/ct`
  }

  async create(
    id: string,
    { image }: RootfsSource,
    { signal }: { signal?: AbortSignal | undefined },
  ): Promise<void> {
    signal?.throwIfAborted()
    if (image === null) throw new TypeError('a rootfs is made from an image')
    // Not given up: it takes milliseconds, and would be made all the same.
    const properties = { canmount: 'noauto' }
    await cloneSnapshot(this.images.snapshot(image.id), this.#dataset(id), properties)
  }

  plan(id: string, _source: RootfsSource, target: string, { uidMap, gidMap }: IdMaps): RootfsPlan {
    return { mode: 'dataset', target, lower: null, upper: this.#dataset(id), uidMap, gidMap }
  }

  async remove(id: string): Promise<void> {
    await this.trash.put(this.#dataset(id))
  }

  // The trash is no work that was cut off.
  sweep(): Promise<void> {
    return Promise.resolve()
  }

  rename(from: string, to: string): Promise<void> {
    return renameDataset(this.#dataset(from), this.#dataset(to))
  }

  exists(id: string): Promise<boolean> {
    return datasetExists(this.#dataset(id))
  }

  async list(): Promise<string[]> {
    const found = await listDatasets(this.#containers, { depth: 1 })
    return found.slice(1).map(({ name }) => name.slice(this.#containers.length + 1))
  }

  unfinished(): Promise<Place[]> {
    return Promise.resolve([])
  }

  place(id: string): Place {
    return { type: 'dataset', what: this.#dataset(id) }
  }

  #dataset(id: string): string {
    return `${this.#containers}/${id}`
  }
}
