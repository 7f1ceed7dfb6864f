// The images of all pools of a host. Each pool has a cache of its own.

import { deadline } from '../host/deadline.js'
import { z } from 'zod'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { choosePool } from '../host/reference.js'
import type { Pool } from '../pool/pool.js'
import { onlyKeys, parse } from '../schema/parse.js'
import { importImage } from './schema.js'
import type { Image, ImageQuery, ImportImage, ImportOptions } from './types.js'

/** The pool that is meant; the first one when it is not given. */
interface InPool {
  readonly pool?: string | undefined
}

interface ImagesHost {
  readonly pools: ReadonlyMap<string, Pool>
  readonly closed: AbortSignal
}
const importKeys = [...Object.keys(importImage.shape), 'pool']

const query = z.strictObject({
  source: z.string().optional(),
  vendor: z.string().optional(),
  variant: z.string().optional(),
  arch: z.string().optional(),
  distribution: z.string().optional(),
  version: z.string().optional(),
  id: z.string().optional(),
  digest: z.string().optional(),
  pool: z.string().optional(),
})

export class Images {
  readonly #host: ImagesHost

  /** @internal */
  constructor(host: ImagesHost) {
    this.#host = host
  }

  /**
   * Unpacks an archive, or copies a directory, into a pool's cache.
   *
   * @param options given up, nothing is left; until it has its name
   */
  async import(image: ImportImage & InPool, options: ImportOptions = {}): Promise<Image> {
    onlyKeys(image, importKeys, 'import')
    checkOptions(options, 'import', ['onProgress'])
    const { pool: name, ...what } = image
    const { onProgress, ...rest } = options
    using limit = deadline('import', Infinity, options.signal, this.#host.closed)
    const { signal } = limit
    const pool = choosePool(this.#host.pools, name)
    // Under which id is not known before it is read; of the same file there may be several.
    const subject = pool.claim('image', String(what.path), 'shared')
    using _op = await pool.begin('import', subject, { ...rest, signal })
    return await pool.images.import(what, { signal, onProgress })
  }

  /**
   * @throws NotFoundError when there is none; with several, the one imported last is meant
   * @throws InvalidArgumentError for a field that there is not
   */
  find(wanted: ImageQuery & InPool): Image {
    const { pool, ...fields } = parse(query, wanted, 'find')
    return choosePool(this.#host.pools, pool).images.find(fields)
  }

  /**
   * Newest first. From memory: touches no disk.
   *
   * @throws InvalidArgumentError for a field that there is not
   */
  list(wanted: ImageQuery & InPool = {}): readonly Image[] {
    const { pool, ...fields } = parse(query, wanted, 'list')
    return [...this.#host.pools.values()]
      .filter(({ name }) => pool === undefined || name === pool)
      .flatMap((one) => one.images.list(fields))
  }

  /** Cannot be given up once it has begun. @throws InUseError while a container needs it */
  async delete(id: string, options: InPool & OperationOptions = {}): Promise<void> {
    checkOptions(options, 'delete', ['pool'])
    parse(z.string(), id, 'delete.id')
    const pool = choosePool(this.#host.pools, options.pool)
    using _op = await pool.begin('delete', pool.claim('image', id), options)
    await pool.images.delete(id)
  }
}
