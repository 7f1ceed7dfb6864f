// Containers in datasets of their own: `ct/ID`, cloned from the image's, with the rootfs in `private`.
// They are mounted by the keeper, in its mount namespace, and nowhere else.

import { chmod } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ExistsError, PoolFullError } from '../../host/errors.js'
import type { RootfsPlan } from '../../keeper/types.js'
import type { PoolLayout } from '../../pool/layout.js'
import { cloneTree } from '../../ns/tree.js'
import type { CloneMode } from '../../schema/pool.js'
import { Undo } from '../../undo.js'
import { createDataset, datasetExists, renameDataset } from '../../zfs/datasets.js'
import { listDatasets } from '../../zfs/list.js'
import { localProperties } from '../../zfs/local-properties.js'
import { zpoolOf } from '../../zfs/names.js'
import type { Properties } from '../../zfs/properties.js'
import { ZfsError } from '../../zfs/zfs-error.js'
import type { CopyRootfsOptions, OpenTree, RootfsOrigin } from '../copy.js'
import type {
  CreateRootfsOptions,
  IdMaps,
  Place,
  RootfsSource,
  StorageCapabilities,
  StorageDriver,
} from '../driver.js'
import { isBeside } from '../replacement.js'
import { DatasetMount } from './dataset-mount.js'
import { assertElsewhere } from './elsewhere.js'
import { partnerOf, partners, settle, unsettledBelow } from './exchange.js'
import { assertRoomForNames } from './guest-datasets.js'
import { IMAGES, TREE } from './names.js'
import { assertNotSuspended } from './suspended.js'
import { Trash, type PruneReport } from './trash.js'
import { copyDatasets, forgetCopy, SNAPSHOT_ROOM } from './zfs-copy.js'
import { ZfsDatasets } from './zfs-datasets.js'
import { ZfsImages } from './zfs-images.js'
import { ZfsReplacement } from './zfs-replacement.js'
import { ZfsSnapshots } from './zfs-snapshots.js'

/** Bytes for the few small files of a guest that name it. */
const NAMES_ROOM = 65_536

export class ZfsDriver implements StorageDriver {
  readonly name = 'zfs'
  readonly capabilities: StorageCapabilities = Object.freeze({
    instantClone: true,
    snapshots: true,
    quotas: true,
    limitations: [],
  })
  readonly images: ZfsImages
  readonly replacement: ZfsReplacement
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
    this.replacement = new ZfsReplacement(this.images, this.trash)
    this.#containers = `${dataset}/ct`
    this.#zpool = zpoolOf(dataset)
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
    source: RootfsSource,
    { signal, like, properties }: CreateRootfsOptions,
  ): Promise<void> {
    const theirs = like === undefined ? {} : await localProperties(like)
    const none = { reservation: null, refreservation: null }
    const all: Record<string, unknown> = { ...theirs, ...none, ...properties }
    const given = Object.entries(all).filter(([, value]) => value != null)
    await this.images.clone(source, home, Object.fromEntries(given) as Properties, signal)
  }

  copyMode(): CloneMode {
    return 'clone'
  }

  async assertCanCopy(home: string, { driver, home: from }: RootfsOrigin): Promise<void> {
    if (await datasetExists(home)) throw new ExistsError('container', home)
    if (driver.dataset !== null) {
      const more = SNAPSHOT_ROOM + Math.max(0, home.length - from.length)
      await assertRoomForNames(from, more, `a copy of '${from}'`, false)
    }
    // With the limits of the first one, it would not be given them, or have no room for its own name.
    for (const { name, dataset, referenced, refquota } of (await driver.datasets?.list(from)) ??
      []) {
      const needed = referenced + (name === '/' ? NAMES_ROOM : 0)
      if (refquota !== null && needed > refquota) throw new PoolFullError(dataset, {}, true)
    }
  }

  async copy(home: string, origin: RootfsOrigin, options: CopyRootfsOptions): Promise<void> {
    // What is there already is somebody's, and not to be removed.
    await this.assertCanCopy(home, origin)
    await using undo = new Undo()
    undo.add(() => this.remove(home))
    if (origin.driver.dataset === null) {
      await options.rest?.begin()
      await this.#fill(home, origin, options.signal)
    } else {
      const images = origin.driver === this ? `${this.dataset}/${IMAGES}/` : null
      await copyDatasets({ from: origin.home, to: home, images }, options)
    }
    undo.commit()
  }

  async #fill(home: string, { driver, home: from, source }: RootfsOrigin, signal?: AbortSignal) {
    await createDataset(home, { canmount: 'noauto' })
    await using mount = await DatasetMount.of(home)
    await chmod(mount.path, 0o770)
    await using tree = await driver.open(from, source)
    await cloneTree(tree.path, join(mount.path, TREE), signal === undefined ? {} : { signal })
  }

  endCopy(home: string, name: string): Promise<void> {
    return forgetCopy(home, name)
  }

  // Its other datasets are missing in it.
  async open(home: string): Promise<OpenTree> {
    const mount = await DatasetMount.of(home, ['ro', 'noexec'])
    return {
      path: join(mount.path, TREE),
      [Symbol.asyncDispose]: () => mount[Symbol.asyncDispose](),
    }
  }

  plan(
    home: string,
    _source: RootfsSource,
    target: string,
    { uidMap, gidMap }: IdMaps,
  ): RootfsPlan {
    return { mode: 'dataset', target, lower: null, upper: home, uidMap, gidMap }
  }

  // With what a rollback has left that was cut off.
  async remove(home: string): Promise<void> {
    for (const one of [home, ...Object.values(partners(home))]) await this.trash.put(one)
  }

  // The trash is no work that was cut off. What cannot be settled says the container that it is of, or the audit.
  async sweep(): Promise<PruneReport['left']> {
    for (const dataset of await unsettledBelow(this.#containers, 1)) {
      await settle(dataset).catch((error: unknown) => {
        if (!(error instanceof ZfsError) || error.code === 'EAGAIN') throw error
      })
    }
    return []
  }

  rename(from: string, to: string): Promise<void> {
    return from === to ? Promise.resolve() : renameDataset(from, to)
  }

  // A dataset is no link, and the keeper follows none in it.
  async check(home: string): Promise<void> {
    if (dirname(home) !== this.#containers) await assertElsewhere(this.dataset, home)
  }

  exists(home: string): Promise<boolean> {
    return datasetExists(home)
  }

  async list(): Promise<string[]> {
    return (await this.#names()).filter((name) => !name.startsWith('.'))
  }

  async unfinished(): Promise<Place[]> {
    const names = (await this.#names()).filter((name) => isBeside(name) || partnerOf(name) !== null)
    return names.map((name) => this.place(`${this.#containers}/${name}`))
  }

  async #names(): Promise<string[]> {
    const found = await listDatasets(this.#containers, { depth: 1 })
    return found.slice(1).map(({ name }) => name.slice(this.#containers.length + 1))
  }

  place(what: string): Place {
    return { type: 'dataset', what }
  }
}
