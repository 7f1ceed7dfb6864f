// A second dataset beside that of a container. In its place it has what was set for the first one, and the
// datasets below that; the first one goes into the trash, with its snapshots.

import { basename, dirname } from 'node:path'
import { datasetExists, destroySnapshots, renameDataset } from '../../zfs/datasets.js'
import { listDatasets } from '../../zfs/list.js'
import { localProperties } from '../../zfs/local-properties.js'
import type { RootfsSource } from '../driver.js'
import { besideName, type ReplacementStorage } from '../replacement.js'
import { assertRoomForNames, isInHands, listShared } from './guest-datasets.js'
import { isAside } from './names.js'
import type { Trash } from './trash.js'
import type { ZfsImages } from './zfs-images.js'

export class ZfsReplacement implements ReplacementStorage {
  readonly #images: ZfsImages
  readonly #trash: Trash

  constructor(images: ZfsImages, trash: Trash) {
    this.#images = images
    this.#trash = trash
  }

  beside(home: string): string {
    return `${dirname(home)}/${besideName(basename(home))}`
  }

  async create(
    home: string,
    source: RootfsSource,
    { signal }: { signal?: AbortSignal | undefined },
  ): Promise<void> {
    const beside = this.beside(home)
    await assertRoomForNames(home, beside.length - home.length, `another rootfs for '${home}'`)
    await this.#images.clone(source, beside, await localProperties(home), signal)
  }

  async discard(home: string): Promise<void> {
    await this.#trash.put(this.beside(home))
  }

  async finish(home: string): Promise<void> {
    const beside = this.beside(home)
    if (!(await datasetExists(beside))) return
    if (await datasetExists(home)) {
      await this.#moveBelow(home, beside)
      await this.#trash.put(home)
    }
    await renameDataset(beside, home)
  }

  // Snapshots that were of all of them are none any more once that of the first is gone.
  async #moveBelow(home: string, to: string): Promise<void> {
    const own = await listDatasets(home, { depth: 1, snapshots: true })
    const first = own.filter(({ name }) => name.startsWith(`${home}@`) || isAside(home, name))
    const gone = new Set(first.flatMap(({ name }) => name.split('@')[1] ?? []))
    const below = own.map(({ name }) => name).filter((name) => name !== home && !name.includes('@'))
    for (const name of below.filter((one) => !isAside(home, one))) {
      await renameDataset(name, `${to}/${basename(name)}`)
    }
    if (gone.size === 0) return
    const tree = await listShared(to)
    const moved = (await listDatasets(to, { snapshots: true })).map(({ name }) => name)
    const isOld = (name: string): boolean => !isInHands(tree, name) && isAside(to, name)
    for (const name of moved) {
      if (isOld(name) && !name.includes('@')) await this.#trash.put(name)
    }
    const doomed = moved.filter((name) => !isOld(name) && gone.has(name.split('@')[1] ?? ''))
    // One that something in the trash was cloned from goes after that.
    await destroySnapshots(doomed, { defer: true })
  }
}
