// A pool's images: `repository/images/ID/{rootfs,image.yml}`, with an index in memory.

import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { InUseError, NotFoundError, NotRootError } from '../host/errors.js'
import { flushFilesystem } from '../ns/tree.js'
import { ConfigFile } from '../pool/config-file.js'
import { poolError, syncDirectory } from '../pool/write-file.js'
import { parse } from '../schema/parse.js'
import { Undo } from '../undo.js'
import { imageFile, importImage } from './schema.js'
import type { Image, ImageCache, ImageQuery, ImportImage, ImportOptions } from './types.js'
import { unpack } from './unpack.js'
import { done } from '../step.js'

export interface ImageStoreOptions {
  /** The pool's root directory. */
  readonly root: string
  /** Which containers need the image. */
  readonly users: (imageId: string) => readonly string[]
  /** False: images need not survive a power failure, as the pool will not. Default true. */
  readonly durable?: boolean
}

/** Names of what is not, or no more, an image. Whatever has one at {@link ImageStore.open} goes. */
const UNFINISHED = /^\.(staging|deleting)-/

export class ImageStore implements ImageCache {
  readonly #pool: string
  readonly #directory: string
  readonly #users: (imageId: string) => readonly string[]
  readonly #durable: boolean
  readonly #images = new Map<string, Image>()
  readonly #holds = new Set<{ readonly id: string; readonly holder: string }>()
  readonly #broken: Error[] = []

  private constructor({ root, users, durable = true }: ImageStoreOptions) {
    this.#pool = root
    this.#directory = join(root, 'repository/images')
    this.#users = users
    this.#durable = durable
  }

  /** Reads what is there, and removes what an import or deletion left half-done. */
  static async open(options: ImageStoreOptions): Promise<ImageStore> {
    const store = new ImageStore(options)
    for (const name of await store.#names()) {
      if (UNFINISHED.test(name)) await store.#remove(name)
      else await store.#load(name).catch((error: unknown) => store.#skip(error))
    }
    return store
  }

  /** Why directories that look like images are not listed: their `image.yml` cannot be used. */
  get broken(): readonly Error[] {
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

    await using undo = new Undo()
    const staging = `.staging-${randomBytes(8).toString('hex')}`
    const target = join(this.#directory, staging, 'rootfs')
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 })
      undo.add(() => this.#remove(staging))
      await mkdir(join(this.#directory, staging), { mode: 0o700 })
      await mkdir(target, { mode: 0o755 })
      done('image.staging', options.signal)
      const { bfree, bsize } = await statfs(target)
      const limits = { maxEntries, maxSize, free: bfree * bsize }
      const unpacked = await unpack(path, target, this.#pool, limits, digest, options)
      done('image.unpacked', options.signal)
      const file = new ConfigFile(join(this.#directory, staging, 'image.yml'), imageFile)
      await file.create({
        ...attributes,
        sha256: unpacked.digest,
        entries: unpacked.entries,
        size: unpacked.size,
        imported_at: new Date().toISOString(),
      })
      // Thousands of files: one flush of their filesystem, instead of one of each file.
      if (this.#durable) await flushFilesystem(join(this.#directory, staging))
      done('image.written', options.signal)

      return await this.#publish(staging, imageId(attributes, unpacked.digest), undo)
    } catch (error) {
      throw poolError(error, this.#pool)
    }
  }

  async #publish(staging: string, id: string, undo: Undo): Promise<Image> {
    try {
      await rename(join(this.#directory, staging), join(this.#directory, id))
      undo.commit()
      await syncDirectory(this.#directory)
      done('image.published')
    } catch (error) {
      // Imported before, or by somebody else in the meantime.
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
    }
    return this.#images.get(id) ?? (await this.#load(id))
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
    const image = this.#images.get(id)
    if (image === undefined) throw new NotFoundError('image', id)
    const holders = [...this.#holds].filter((hold) => hold.id === id).map(({ holder }) => holder)
    const users = [...this.#users(id), ...holders]
    if (users.length > 0) throw new InUseError('image', id, users)
    // Before the first await, so that nobody finds it any more.
    this.#images.delete(id)
    const trash = `.deleting-${randomBytes(8).toString('hex')}`
    try {
      await rename(join(this.#directory, id), join(this.#directory, trash))
    } catch (error) {
      this.#images.set(id, image)
      throw poolError(error, this.#pool)
    }
    await syncDirectory(this.#directory)
    done('image-delete.renamed')
    await this.#remove(trash)
    done('image-delete.removed')
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#directory)
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return []
      throw error
    }
  }

  async #load(id: string): Promise<Image> {
    const directory = join(this.#directory, id)
    const file = await new ConfigFile(join(directory, 'image.yml'), imageFile).read()
    const { source, vendor, variant, arch, distribution, version, entries, size } = file
    const image: Image = Object.freeze({
      ...{ id, source, vendor, variant, arch, distribution, version, entries, size },
      digest: file.sha256,
      root: join(directory, 'rootfs'),
      importedAt: new Date(file.imported_at),
    })
    this.#images.set(id, image)
    return image
  }

  #skip(error: unknown): void {
    if (!(error instanceof Error)) throw error
    this.#broken.push(error)
  }

  // On a read-only pool there is nothing to tidy up.
  async #remove(name: string): Promise<void> {
    try {
      await rm(join(this.#directory, name), { recursive: true, force: true })
    } catch (error) {
      if (!hasCode(error, 'EROFS')) throw error
    }
  }
}

// Readable, and different for everything that is different.
function imageId(attributes: Record<string, string>, digest: string): string {
  const key = Object.entries({ ...attributes, digest }).sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 12)
  const { distribution = '', version = '', arch = '' } = attributes
  return `${distribution}-${version}-${arch}-${hash}`
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
