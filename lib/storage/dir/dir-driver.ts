// Containers in directories of any filesystem. Images are cloned by overlay, by reflink or by
// copying, whichever the pool was installed with.

import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asError } from '../../as-error.js'
import { directories } from '../../directories.js'
import { ExistsError, UnsupportedError } from '../../host/errors.js'
import type { RootfsPlan } from '../../keeper/types.js'
import { cloneTree, flushFilesystem, removeTree } from '../../ns/tree.js'
import type { PoolLayout } from '../../pool/layout.js'
import { assertTree } from '../../pool/open-file.js'
import { poolError, syncDirectory } from '../../pool/write-file.js'
import type { CloneMode } from '../../schema/pool.js'
import { Undo } from '../../undo.js'
import type { CopyRootfsOptions, OpenTree, RootfsOrigin } from '../copy.js'
import type { IdMaps, Place, RootfsSource, StorageCapabilities, StorageDriver } from '../driver.js'
import { isBeside } from '../replacement.js'
import type { PruneReport } from '../zfs/trash.js'
import { mergedTree } from './merged-tree.js'
import { DirImages } from './dir-images.js'
import { DirReplacement } from './dir-replacement.js'

const OVERLAY_LIMITATIONS = [
  'renaming a directory of the image gives EXDEV; programs copy it then',
  'no overlay filesystem can be made with directories of the rootfs as its upper layer',
]

/** Where the tree is when it is not an overlay, as in a dataset of the original. */
const PRIVATE = 'private'

export class DirDriver implements StorageDriver {
  readonly name = 'dir'
  readonly dataset = null
  readonly capabilities: StorageCapabilities
  readonly images: DirImages
  readonly replacement = new DirReplacement(this)
  readonly snapshots = null
  readonly datasets = null
  readonly trash = null
  readonly #layout: PoolLayout
  readonly #mode: CloneMode
  readonly #durable: boolean
  /** What is being removed just now, and is no leftover. */
  readonly #removing = new Set<string>()

  /** @param durable whether what was done must survive a loss of power */
  constructor(layout: PoolLayout, mode: CloneMode, durable: boolean) {
    this.#layout = layout
    this.#mode = mode
    this.#durable = durable
    this.images = new DirImages(layout.root, durable)
    this.capabilities = Object.freeze({
      instantClone: mode !== 'copy',
      snapshots: false,
      quotas: false,
      limitations: mode === 'overlay' ? OVERLAY_LIMITATIONS : [],
    })
  }

  // Its filesystem is not ours to know.
  assertWorking(): void {}

  home(id: string): string {
    return this.#layout.container(id)
  }

  place(what: string): Place {
    return { type: 'directory', what }
  }

  async exists(directory: string): Promise<boolean> {
    return await stat(directory).then(
      () => true,
      () => false,
    )
  }

  async check(directory: string): Promise<void> {
    await assertTree(directory, [PRIVATE, 'upper', 'work'])
  }

  async list(): Promise<string[]> {
    return (await this.#directories()).filter((name) => !isBeside(name))
  }

  #directories(): Promise<string[]> {
    return directories(join(this.#layout.root, 'ct'))
  }

  async unfinished(): Promise<Place[]> {
    const trash = this.#layout.trash()
    const found = (await directories(trash)).filter((name) => !this.#removing.has(name))
    // The removal of one may have ended since it was listed.
    const there = await Promise.all(found.map((name) => this.exists(join(trash, name))))
    const doomed = found.filter((_, index) => there[index]).map((name) => join(trash, name))
    const beside = (await this.#directories()).filter(isBeside)
    return [...doomed, ...beside.map((name) => this.#layout.container(name))].map((what) =>
      this.place(what),
    )
  }

  create(
    directory: string,
    { mode, image }: RootfsSource,
    { signal }: { signal?: AbortSignal | undefined },
  ): Promise<void> {
    return this.#make(directory, async () => {
      if (mode === 'overlay') {
        await mkdir(join(directory, 'work'), { mode: 0o700 })
        await mkdir(join(directory, 'upper'))
        await chmod(join(directory, 'upper'), 0o755)
      } else if (image !== null) {
        await this.#clone(image.root, join(directory, PRIVATE), mode, signal)
      }
    })
  }

  copyMode({ driver, source }: RootfsOrigin): CloneMode {
    if (driver === this) return source.mode
    return this.#mode === 'overlay' ? 'copy' : this.#mode
  }

  async assertCanCopy(directory: string, { driver, home }: RootfsOrigin): Promise<void> {
    if (await this.exists(directory)) throw new ExistsError('container', directory)
    const all = (await driver.datasets?.list(home)) ?? []
    const more = all.map(({ name }) => name).filter((name) => name !== '/')
    if (more.length === 0) return
    throw new UnsupportedError(
      'a container in one directory',
      `it has datasets: ${more.join(', ')}`,
    )
  }

  async copy(
    directory: string,
    origin: RootfsOrigin,
    { rest, signal }: CopyRootfsOptions,
  ): Promise<void> {
    const mode = this.copyMode(origin)
    await rest?.begin()
    await this.#make(directory, async () => {
      if (mode === 'overlay') {
        await mkdir(join(directory, 'work'), { mode: 0o700 })
        await this.#clone(join(origin.home, 'upper'), join(directory, 'upper'), mode, signal)
      } else {
        await using tree = await origin.driver.open(origin.home, origin.source)
        // Files of two filesystems share nothing.
        const wanted = origin.driver === this ? mode : 'copy'
        await this.#clone(tree.path, join(directory, PRIVATE), wanted, signal)
      }
    })
  }

  endCopy(): Promise<void> {
    return Promise.resolve()
  }

  async open(directory: string, { mode, image }: RootfsSource): Promise<OpenTree> {
    if (mode === 'overlay' && image !== null) return await mergedTree(directory, image.root)
    const path = join(directory, PRIVATE)
    return { path, [Symbol.asyncDispose]: () => Promise.resolve() }
  }

  async #clone(
    from: string,
    to: string,
    mode: CloneMode,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await cloneTree(from, to, {
      reflink: mode === 'reflink',
      ...(signal === undefined ? {} : { signal }),
    })
    if (this.#durable) await flushFilesystem(to)
  }

  async #make(directory: string, fill: () => Promise<void>): Promise<void> {
    await using undo = new Undo()
    try {
      // Not recursive: a directory that is there already is somebody's, and not to be removed.
      await mkdir(directory, { mode: 0o700 })
      undo.add(() => removeTree(directory))
      await fill()
      if (this.#durable) await syncDirectory(directory)
      await syncDirectory(join(directory, '..'))
    } catch (error) {
      throw poolError(error, directory)
    }
    undo.commit()
  }

  plan(
    directory: string,
    { mode, image }: RootfsSource,
    target: string,
    { uidMap, gidMap }: IdMaps,
  ): RootfsPlan {
    const maps = { uidMap, gidMap }
    if (mode === 'overlay' && image !== null) {
      return { mode: 'overlay', target, lower: image.root, upper: directory, ...maps }
    }
    return { mode: 'bind', target, lower: null, upper: join(directory, PRIVATE), ...maps }
  }

  async remove(directory: string): Promise<void> {
    const name = `${basename(directory)}.${randomBytes(6).toString('hex')}`
    const doomed = join(this.#layout.trash(), name)
    this.#removing.add(name)
    try {
      await rename(directory, doomed)
      await syncDirectory(dirname(directory))
      await removeTree(doomed)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
      throw poolError(error, directory)
    } finally {
      this.#removing.delete(name)
    }
  }

  /** Removes what an interrupted removal left. */
  async sweep(): Promise<PruneReport['left']> {
    const left: { dataset: string; reason: string }[] = []
    for (const name of await readdir(this.#layout.trash())) {
      if (!/\.[0-9a-f]{12}$/.test(name) || this.#removing.has(name)) continue
      const doomed = join(this.#layout.trash(), name)
      // One that somebody has mounted something in is not in the way of others, or of the pool.
      await removeTree(doomed).catch((error: unknown) => {
        left.push({ dataset: doomed, reason: asError(error).message })
      })
    }
    return left
  }

  async rename(from: string, to: string): Promise<void> {
    try {
      await rename(from, to)
      await syncDirectory(dirname(to))
    } catch (error) {
      throw poolError(error, to)
    }
  }
}
