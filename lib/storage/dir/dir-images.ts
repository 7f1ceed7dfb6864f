// Images in directories: `repository/images/ID/{rootfs,image.yml}`.

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigBrokenError } from '../../host/errors.js'
import { imageFile } from '../../image/schema.js'
import { flushFilesystem, removeTree } from '../../ns/tree.js'
import { ConfigFile } from '../../pool/config-file.js'
import { assertDirectories } from '../../pool/open-file.js'
import { syncDirectory } from '../../pool/write-file.js'
import { Undo } from '../../undo.js'
import type { ImageFile, ImageStorage, OpenImage, StagedImage } from '../images.js'

const ID = /^[a-zA-Z0-9_+-][a-zA-Z0-9_.+-]*$/
/** Names of what is not, or no more, an image. */
const UNFINISHED = /^\.(staging|deleting)-/

export class DirImages implements ImageStorage {
  readonly pool: string
  readonly #directory: string
  readonly #durable: boolean

  /**
   * @param pool its root directory
   * @param durable false: images need not survive a power failure, as the pool will not
   */
  constructor(pool: string, durable = true) {
    this.pool = pool
    this.#directory = join(pool, 'repository/images')
    this.#durable = durable
  }

  async sweep(): Promise<string[]> {
    const names = await readdir(this.#directory).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return []
      throw error
    })
    for (const name of names) if (UNFINISHED.test(name)) await this.#tryToRemove(name)
    return names.filter((name) => !UNFINISHED.test(name))
  }

  async read(id: string): Promise<ImageFile> {
    const directory = join(this.#directory, id)
    // It becomes a part of options of mounts.
    if (!ID.test(id)) throw new ConfigBrokenError(directory, 'is no name of an image', null, null)
    await assertDirectories([directory, this.root(id)])
    return await new ConfigFile(join(directory, 'image.yml'), imageFile).read()
  }

  root(id: string): string {
    return join(this.#directory, id, 'rootfs')
  }

  async stage(): Promise<StagedImage> {
    const staging = `.staging-${randomBytes(8).toString('hex')}`
    const path = join(this.#directory, staging)
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    await mkdir(path, { mode: 0o700 })
    const root = join(path, 'rootfs')
    let published = false
    try {
      await mkdir(root, { mode: 0o755 })
    } catch (error) {
      await this.#remove(staging)
      throw error
    }
    return {
      root,
      write: async (file) => {
        await new ConfigFile(join(path, 'image.yml'), imageFile).create({ ...file })
        // Thousands of files: one flush of their filesystem, instead of one of each file.
        if (this.#durable) await flushFilesystem(path)
      },
      publish: async (id) => {
        try {
          await rename(path, join(this.#directory, id))
          published = true
          await syncDirectory(this.#directory)
        } catch (error) {
          // Imported before, or by somebody else in the meantime.
          if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error
        }
      },
      [Symbol.asyncDispose]: async () => {
        // Why it was not published is what the caller is to hear.
        if (!published) await this.#tryToRemove(staging)
      },
    }
  }

  open(id: string): Promise<OpenImage> {
    return Promise.resolve({
      path: this.root(id),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  }

  async hide(id: string): Promise<() => Promise<void>> {
    const trash = `.deleting-${randomBytes(8).toString('hex')}`
    const [path, hidden] = [join(this.#directory, id), join(this.#directory, trash)]
    await using undo = new Undo()
    await rename(path, hidden)
    undo.add(async () => {
      await rename(hidden, path)
      await syncDirectory(this.#directory).catch(() => undefined)
    })
    await syncDirectory(this.#directory)
    undo.commit()
    return () => this.#remove(trash)
  }

  /** The pool is of use also with what is left of an image, which is tried again when it is imported. */
  async #tryToRemove(name: string): Promise<void> {
    await this.#remove(name).catch((error: unknown) => {
      const path = join(this.#directory, name)
      process.emitWarning(`${path} could not be removed: ${String(error)}`, {
        code: 'VPSADMINOS_UNFINISHED',
      })
    })
  }

  // However deep an image is, and however long its names. On a read-only pool there is nothing to tidy up.
  async #remove(name: string): Promise<void> {
    try {
      await removeTree(join(this.#directory, name))
    } catch (error) {
      if (!hasCode(error, 'EROFS')) throw error
    }
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
