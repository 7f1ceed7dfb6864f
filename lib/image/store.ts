// A pool's images: an index in memory over what its storage has.

import { createHash } from 'node:crypto'
import { chmod, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InUseError, NotFoundError, NotRootError } from '../host/errors.js'
import { InTurn } from '../in-turn.js'
import { poolError } from '../pool/write-file.js'
import { parse } from '../schema/parse.js'
import type { ImageStorage, OpenImage } from '../storage/images.js'
import { importImage } from './schema.js'
import type { Image, ImageCache, ImageQuery, ImportImage, ImportOptions } from './types.js'
import { unpack } from './unpack.js'
import { done } from '../step.js'

/** What cannot be used, and why. */
export interface BrokenFile {
  readonly path: string
  readonly reason: string
}

export interface ImageStoreOptions {
  readonly storage: ImageStorage
  /** Which containers need the image. */
  readonly users: (imageId: string) => readonly string[]
  /** What may need any image, for all that is known. */
  readonly unknown: () => readonly string[]
}

export class ImageStore implements ImageCache {
  readonly #storage: ImageStorage
  readonly #users: ImageStoreOptions['users']
  readonly #unknown: ImageStoreOptions['unknown']
  readonly #images = new Map<string, Image>()
  readonly #holds = new Set<{ readonly id: string; readonly holder: string }>()
  readonly #broken: BrokenFile[] = []
  /** Of the same image one is imported, or one deleted: the index says what there is. */
  readonly #changes = new InTurn()

  private constructor({ storage, users, unknown }: ImageStoreOptions) {
    this.#storage = storage
    this.#users = users
    this.#unknown = unknown
  }

  /** Reads what is there, and removes what an import or deletion left half-done. */
  static async open(options: ImageStoreOptions): Promise<ImageStore> {
    const store = new ImageStore(options)
    for (const id of await options.storage.sweep()) {
      await store.#load(id).catch((error: unknown) => store.#skip(id, error))
    }
    return store
  }

  /** What looks like an image and is not listed, as what it says of itself cannot be used. */
  get broken(): readonly BrokenFile[] {
    return this.#broken
  }

  list(query: ImageQuery = {}): readonly Image[] {
    const wanted = Object.entries(query).filter(([, value]) => value !== undefined)
    return [...this.#images.values()]
      .filter((image) => wanted.every(([key, value]) => image[key as keyof ImageQuery] === value))
      .sort((a, b) => b.importedAt.getTime() - a.importedAt.getTime())
  }

  find(query: ImageQuery): Image {
    const [image] = this.list(query)
    if (image !== undefined) return image
    const wanted = Object.values(query).filter((value) => value !== undefined)
    const have = this.list()
      .slice(0, 5)
      .map((other) => other.id)
    const hint = have.length === 0 ? 'the pool has no images' : `the pool has ${have.join(', ')}`
    throw new NotFoundError('image', wanted.join(' '), hint)
  }

  /**
   * Unpacks an archive or copies a directory into the cache. When the same was imported before,
   * that one is the answer. When it fails or is aborted, nothing is left.
   *
   * ```ts
   * await images.import({ path: 'debian.tar.zst', distribution: 'debian', version: '12' })
   * ```
   */
  async import(what: ImportImage, options: ImportOptions = {}): Promise<Image> {
    options.signal?.throwIfAborted()
    const { path, digest, maxEntries, maxSize, ...attributes } = parse(importImage, what, 'import')
    if (process.geteuid?.() !== 0) throw new NotRootError('importing an image')

    try {
      await using staged = await this.#storage.stage()
      done('image.staging', options.signal)
      const { bfree, bsize } = await statfs(staged.root)
      const limits = { maxEntries, maxSize, free: bfree * bsize }
      const { pool } = this.#storage
      const unpacked = await unpack(path, staged.root, pool, limits, digest, options)
      // In an overlay `/` is that of the upper layer; elsewhere it is this one, which may have come from
      // anywhere: its users must be able to go through.
      await chmod(staged.root, 0o755)
      done('image.unpacked', options.signal)
      await staged.write({
        ...attributes,
        sha256: unpacked.digest,
        entries: unpacked.entries,
        size: unpacked.size,
        imported_at: new Date().toISOString(),
      })
      done('image.written', options.signal)
      const id = imageId(attributes, unpacked.digest)
      return await this.#changes.run(async () => {
        await staged.publish(id)
        done('image.published')
        return this.#images.get(id) ?? (await this.#load(id))
      })
    } catch (error) {
      throw poolError(error, this.#storage.pool)
    }
  }

  /** Its tree, to be read until it is closed. */
  open({ id }: Image): Promise<OpenImage> {
    return this.#storage.open(id)
  }

  hold({ id }: Image, holder: string): Disposable {
    if (!this.#images.has(id)) throw new NotFoundError('image', id)
    const hold = { id, holder }
    this.#holds.add(hold)
    return {
      [Symbol.dispose]: () => {
        this.#holds.delete(hold)
      },
    }
  }

  async delete(id: string): Promise<void> {
    const remove = await this.#changes.run(() => this.#hide(id))
    done('image-delete.renamed')
    await remove()
    done('image-delete.removed')
  }

  /** @returns what removes it */
  async #hide(id: string): Promise<() => Promise<void>> {
    const image = this.#images.get(id)
    if (image === undefined) throw new NotFoundError('image', id)
    const holders = [...this.#holds].filter((hold) => hold.id === id).map(({ holder }) => holder)
    const users = [...this.#users(id), ...holders, ...this.#unknown()]
    if (users.length > 0) throw new InUseError('image', id, users)
    // Before the first await, so that nobody finds it any more.
    this.#images.delete(id)
    try {
      return await this.#storage.hide(id)
    } catch (error) {
      this.#images.set(id, image)
      throw poolError(error, this.#storage.pool)
    }
  }

  async #load(id: string): Promise<Image> {
    const file = await this.#storage.read(id)
    const { source, vendor, variant, arch, distribution, version, entries, size } = file
    const image: Image = Object.freeze({
      ...{ id, source, vendor, variant, arch, distribution, version, entries, size },
      digest: file.sha256,
      root: this.#storage.root(id),
      importedAt: new Date(file.imported_at),
    })
    this.#images.set(id, image)
    return image
  }

  #skip(id: string, error: unknown): void {
    if (!(error instanceof Error)) throw error
    this.#broken.push({ path: dirname(this.#storage.root(id)), reason: error.message })
  }
}

// Readable, and different for everything that is different.
function imageId(attributes: Record<string, string>, digest: string): string {
  const key = Object.entries({ ...attributes, digest }).sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 12)
  const { distribution = '', version = '', arch = '' } = attributes
  return `${distribution}-${version}-${arch}-${hash}`
}
