// Containers in datasets of their own: `ct/ID`, cloned from the image's, with the rootfs in `private`.
// They are mounted by the keeper, in its mount namespace, and nowhere else.

import { dirname } from 'node:path'
import type { RootfsPlan } from '../../keeper/types.js'
import type { PoolLayout } from '../../pool/layout.js'
import { cloneSnapshot, datasetExists, renameDataset } from '../../zfs/datasets.js'
import { listDatasets } from '../../zfs/list.js'
import type { IdMaps, Place, RootfsSource, StorageCapabilities, StorageDriver } from '../driver.js'
import { assertNotSuspended } from './suspended.js'
import { Trash } from './trash.js'
import { ZfsDatasets } from './zfs-datasets.js'
import { ZfsImages } from './zfs-images.js'
import { settleBelow, ZfsSnapshots } from './zfs-snapshots.js'

export class ZfsDriver implements StorageDriver {
  readonly name = 'zfs'
  readonly capabilities: StorageCapabilities = Object.freeze({
    instantClone: true,
    snapshots: true,
    quotas: true,
    limitations: [],
  })
  readonly images: ZfsImages
  readonly snapshots = new ZfsSnapshots()
  readonly trash: Trash
  readonly datasets: ZfsDatasets
  readonly dataset: string
  readonly #containers: string
  readonly #zpool: string

  /** @param dataset the pool's */
  constructor(layout: PoolLayout, dataset: string) {
    this.dataset = dataset
    this.trash = new Trash(dataset)
    this.datasets = new ZfsDatasets(this.trash)
    this.images = new ZfsImages(layout.root, dataset, this.trash)
    this.#containers = `${dataset}/ct`
    this.#zpool = dataset.split('/', 1)[0] ?? ''
  }

  assertWorking(): void {
    assertNotSuspended(this.#zpool)
  }

  // Where an earlier name of the container, or of the zpool, is all that is different, it is out of date.
  home(id: string, declared: string | null): string {
    const usual = `${this.#containers}/${id}`
    if (declared === null) return usual
    const here = [this.#zpool, ...declared.split('/').slice(1)].join('/')
    return dirname(here) === this.#containers ? usual : here
  }

  async create(
    home: string,
    { image }: RootfsSource,
    { signal }: { signal?: AbortSignal | undefined },
  ): Promise<void> {
    signal?.throwIfAborted()
    if (image === null) throw new TypeError('a rootfs is made from an image')
    // Not given up: it takes milliseconds, and would be made all the same.
    const properties = { canmount: 'noauto' }
    await cloneSnapshot(this.images.snapshot(image.id), home, properties)
  }

  plan(
    home: string,
    _source: RootfsSource,
    target: string,
    { uidMap, gidMap }: IdMaps,
  ): RootfsPlan {
    return { mode: 'dataset', target, lower: null, upper: home, uidMap, gidMap }
  }

  async remove(home: string): Promise<void> {
    await this.trash.put(home)
  }

  // The trash is no work that was cut off.
  sweep(): Promise<void> {
    return settleBelow(this.#containers, 1)
  }

  rename(from: string, to: string): Promise<void> {
    return from === to ? Promise.resolve() : renameDataset(from, to)
  }

  exists(home: string): Promise<boolean> {
    return datasetExists(home)
  }

  async list(): Promise<string[]> {
    const found = await listDatasets(this.#containers, { depth: 1 })
    const ids = found.slice(1).map(({ name }) => name.slice(this.#containers.length + 1))
    return ids.filter((id) => !id.startsWith('.'))
  }

  unfinished(): Promise<Place[]> {
    return Promise.resolve([])
  }

  place(what: string): Place {
    return { type: 'dataset', what }
  }
}
