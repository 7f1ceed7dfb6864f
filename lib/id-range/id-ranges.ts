// The id-ranges of all pools of a host.

import { inOrder } from '../host/list-order.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { choosePool, findByReference, getByReference } from '../host/reference.js'
import type { Pool } from '../pool/pool.js'
import { createIdRangeOptions, type CreateIdRangeOptions } from '../schema/id-range.js'
import { parse } from '../schema/parse.js'
import { IdRange, type IdRangeSnapshot } from './id-range.js'
import { TableFile } from './table-file.js'
import { done } from '../step.js'

/** What a pool gets when it is installed: all ids from one million on, 65536 a block. */
export const DEFAULT_RANGE = {
  name: 'default',
  startId: 1_000_000,
  blockSize: 65_536,
  blockCount: Math.floor((2 ** 32 - 1_000_000) / 65_536),
} as const

export class IdRanges {
  readonly #host: { readonly pools: ReadonlyMap<string, Pool> }

  /** @internal */
  constructor(host: { readonly pools: ReadonlyMap<string, Pool> }) {
    this.#host = host
  }

  /** Cannot be given up once it has begun. @throws ExistsError */
  async create(options: CreateIdRangeOptions, more: OperationOptions = {}): Promise<IdRange> {
    const checked = parse(createIdRangeOptions, options, 'create')
    checkOptions(more, 'create')
    const pool = choosePool(this.#host.pools, checked.pool)
    using _op = await pool.begin('create', pool.claim('id-range', checked.name), more)
    return await createIdRange(pool, checked)
  }

  /** @param reference `[POOL:]NAME` */
  find(reference: string): IdRange | null {
    return findByReference(this.#host.pools.values(), reference, (pool) => pool.idRanges)
  }

  /** @throws NotFoundError */
  get(reference: string): IdRange {
    return getByReference(this.#host.pools.values(), 'id-range', reference, (pool) => pool.idRanges)
  }

  /** By pool, and in it by name. */
  list(): readonly IdRangeSnapshot[] {
    const all = [...this.#host.pools.values()].flatMap((pool) =>
      [...pool.idRanges.values()].map((range) => range.show()),
    )
    return inOrder(all, ({ name }) => name)
  }
}

/** For who has its lock already. @internal */
export async function createIdRange(
  pool: Pool,
  { name, startId, blockSize, blockCount }: Omit<CreateIdRangeOptions, 'pool'>,
): Promise<IdRange> {
  const file = new TableFile(pool.newFile('id-range', name))
  const config = await file.create({
    start_id: startId,
    block_size: blockSize,
    block_count: blockCount,
  })
  done('id-range.file')
  const range = new IdRange(name, file, pool.idRangeHome, config)
  pool.idRanges.set(name, range)
  return range
}
