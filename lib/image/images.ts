// The images of all pools of a host. Each pool has a cache of its own.

import { deadline } from '../container/deadline.js'
import { choosePool } from '../host/reference.js'
import type { Pool } from '../pool/pool.js'
import type { Image, ImageQuery, ImportImage, ImportOptions } from './types.js'

/** The pool that is meant; the first one when it is not given. */
interface InPool {
  readonly pool?: string | undefined
}

interface ImagesHost {
  readonly pools: ReadonlyMap<string, Pool>
  readonly closed: AbortSignal
}

export class Images {
  readonly #host: ImagesHost

  /** @internal */
  constructor(host: ImagesHost) {
    this.#host = host
  }

  /** Unpacks an archive, or copies a directory, into a pool's cache. */
  async import(
    { pool, ...what }: ImportImage & InPool,
    options: ImportOptions = {},
  ): Promise<Image> {
    const { images } = choosePool(this.#host.pools, pool)
    using limit = deadline('import', Infinity, options.signal, this.#host.closed)
    return await images.import(what, { ...options, signal: limit.signal })
  }

  /** @throws NotFoundError when there is none; with several, the one imported last is meant */
  find({ pool, ...query }: ImageQuery & InPool): Image {
    return choosePool(this.#host.pools, pool).images.find(query)
  }

  /** Newest first. From memory: touches no disk. */
  list({ pool, ...query }: ImageQuery & InPool = {}): readonly Image[] {
    return [...this.#host.pools.values()]
      .filter(({ name }) => pool === undefined || name === pool)
      .flatMap((one) => one.images.list(query))
  }

  /** @throws InUseError while a container needs it */
  async delete(id: string, { pool }: InPool = {}): Promise<void> {
    await choosePool(this.#host.pools, pool).images.delete(id)
  }
}
