// Images in datasets: `repository/images/ID`, with the tree in `private` and a snapshot to clone. Nothing
// of it is mounted but while it is made or looked into.

import { randomBytes } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigBrokenError } from '../../host/errors.js'
import { imageFile } from '../../image/schema.js'
import {
  cloneSnapshot,
  createDataset,
  makeSnapshots,
  renameDataset,
  setProperties,
} from '../../zfs/datasets.js'
import { destroyTree } from '../../zfs/destroy-tree.js'
import { listDatasets } from '../../zfs/list.js'
import type { Properties } from '../../zfs/properties.js'
import { isZfsError } from '../../zfs/zfs-error.js'
import type { RootfsSource } from '../driver.js'
import type { ImageFile, ImageStorage, OpenImage, StagedImage } from '../images.js'
import { DatasetMount } from './dataset-mount.js'
import { IMAGE, IMAGE_SNAPSHOT, IMAGES, TREE } from './names.js'
import { SharedMounts } from './shared-mounts.js'
import type { Trash } from './trash.js'

const STAGING = '.staging-'

export class ZfsImages implements ImageStorage {
  readonly pool: string
  readonly #datasets: string
  readonly #trash: Trash
  readonly #files = new Map<string, string>()
  readonly #mounts = new SharedMounts(['ro', 'noexec'])

  /**
   * @param pool its root directory
   * @param dataset the pool's
   */
  constructor(pool: string, dataset: string, trash: Trash) {
    this.pool = pool
    this.#datasets = `${dataset}/${IMAGES}`
    this.#trash = trash
  }

  /** A rootfs of one. Once begun it is not given up: it takes milliseconds, and would be made all the same. */
  async clone(
    { image }: RootfsSource,
    to: string,
    properties: Properties,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    signal?.throwIfAborted()
    if (image === null) throw new TypeError('a rootfs is made from an image')
    const snapshot = `${this.#datasets}/${image.id}@${IMAGE_SNAPSHOT}`
    await cloneSnapshot(snapshot, to, { ...properties, canmount: 'noauto' })
  }

  async sweep(): Promise<string[]> {
    const found = await listDatasets(this.#datasets, { depth: 1, properties: [IMAGE] })
    const ids: string[] = []
    for (const { name, properties } of found.slice(1)) {
      const id = name.slice(this.#datasets.length + 1)
      const file = properties[IMAGE]?.value
      if (id.startsWith(STAGING)) await this.#discard(name)
      else ids.push(id)
      if (typeof file === 'string') this.#files.set(id, file)
    }
    return ids
  }

  async read(id: string): Promise<ImageFile> {
    const name = `${this.#datasets}/${id}`
    let text = this.#files.get(id)
    this.#files.delete(id)
    if (text === undefined) {
      const [found] = await listDatasets(name, { depth: 0, properties: [IMAGE] })
      text = String(found?.properties[IMAGE]?.value ?? '')
    }
    try {
      return imageFile.parse(JSON.parse(text))
    } catch (cause) {
      const reason = `its property ${IMAGE} cannot be used`
      throw new ConfigBrokenError(name, reason, null, null, { cause })
    }
  }

  root(id: string): string {
    return join(this.pool, IMAGES, id, TREE)
  }

  async stage(): Promise<StagedImage> {
    const name = `${this.#datasets}/${STAGING}${randomBytes(8).toString('hex')}`
    await createDataset(name, { canmount: 'noauto' })
    let mount: DatasetMount
    try {
      mount = await DatasetMount.of(name)
    } catch (error) {
      await this.#discard(name)
      throw error
    }
    const root = join(mount.path, TREE)
    let published = false
    const discard = async () => {
      await mount[Symbol.asyncDispose]()
      if (!published) await this.#discard(name)
    }
    try {
      await chmod(mount.path, 0o770)
      await mkdir(root)
      await chmod(root, 0o755)
    } catch (error) {
      await discard()
      throw error
    }
    return {
      root,
      write: async (file) => {
        await mount[Symbol.asyncDispose]()
        await setProperties(name, { [IMAGE]: JSON.stringify(file), readonly: true })
        // What it is of is on the disk by then.
        await makeSnapshots([`${name}@${IMAGE_SNAPSHOT}`])
      },
      publish: async (id) => {
        try {
          await renameDataset(name, `${this.#datasets}/${id}`)
          published = true
        } catch (error) {
          // Imported before, or by somebody else in the meantime.
          if (!isZfsError(error, 'EEXIST')) throw error
        }
      },
      [Symbol.asyncDispose]: discard,
    }
  }

  async open(id: string): Promise<OpenImage> {
    const mount = await this.#mounts.open(`${this.#datasets}/${id}`)
    return {
      path: join(mount.path, TREE),
      [Symbol.asyncDispose]: () => mount[Symbol.asyncDispose](),
    }
  }

  // Containers that are clones of it keep its blocks, and it goes with the last of them.
  async hide(id: string): Promise<() => Promise<void>> {
    const hidden = await this.#trash.put(`${this.#datasets}/${id}`)
    return async () => {
      if (hidden !== null) await this.#discard(hidden)
    }
  }

  // What is busy for now, as a mount may be for a moment after its end, the trash gets rid of.
  async #discard(name: string): Promise<void> {
    try {
      await destroyTree(name)
    } catch (error) {
      if (!isZfsError(error, 'EBUSY', 'EEXIST')) throw error
      if (!name.startsWith(`${this.#trash.pool}/trash/`)) await this.#trash.put(name)
    }
  }
}
