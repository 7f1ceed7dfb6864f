// A pool's images as callers have them: while one is imported or deleted, the pool is not exported, and
// `host.locks()` tells of it.

import { z } from 'zod'
import { deadline } from '../host/deadline.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import type { Pool } from '../pool/pool.js'
import { onlyKeys, parse } from '../schema/parse.js'
import type { OpenImage } from '../storage/images.js'
import { importImage } from './schema.js'
import type { Image, ImageCache, ImageQuery, ImportImage, ImportOptions } from './types.js'

const importKeys = Object.keys(importImage.shape)

export class PoolImages implements ImageCache {
  readonly #pool: Pool
  readonly #store: ImageCache

  constructor(pool: Pool, store: ImageCache) {
    this.#pool = pool
    this.#store = store
  }

  list(query?: ImageQuery): readonly Image[] {
    return this.#store.list(query)
  }

  find(query: ImageQuery): Image {
    return this.#store.find(query)
  }

  async import(what: ImportImage, options: ImportOptions = {}): Promise<Image> {
    onlyKeys(what, importKeys, 'import')
    checkOptions(options, 'import', ['onProgress'])
    const { onProgress, ...rest } = options
    using limit = deadline('import', Infinity, options.signal, this.#pool.host.closed)
    const { signal } = limit
    // Under which id is not known before it is read; of the same file there may be several.
    const subject = this.#pool.claim('image', String(what.path), 'shared')
    using _op = await this.#pool.begin('import', subject, { ...rest, signal })
    return await this.#store.import(what, { signal, onProgress })
  }

  open(image: Image): Promise<OpenImage> {
    return this.#store.open(image)
  }

  hold(image: Image, holder: string): Disposable {
    return this.#store.hold(image, holder)
  }

  async delete(id: string, options: OperationOptions = {}): Promise<void> {
    checkOptions(options, 'delete')
    parse(z.string(), id, 'delete.id')
    using _op = await this.#pool.begin('delete', this.#pool.claim('image', id), options)
    await this.#store.delete(id)
  }
}
