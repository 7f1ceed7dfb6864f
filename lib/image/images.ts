// The images of all pools of a host. Each pool has a cache of its own.

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
    const { pool, ...what } = image
    return await choosePool(this.#host.pools, pool).images.import(what, options)
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
    const { pool, ...rest } = options
    await choosePool(this.#host.pools, pool).images.delete(id, rest)
  }
}
