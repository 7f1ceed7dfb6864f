// References to entities: `[POOL:]ID`. Without a pool the first one that has the id is meant.

import type { Pool } from '../pool/pool.js'
import { InvalidArgumentError, NotFoundError, type EntityKind } from './errors.js'

/** @throws InvalidArgumentError unless it is a list; what is in it is looked at one by one */
export function listOf<T>(references: readonly T[], what: string): readonly T[] {
  if (!Array.isArray(references)) throw new InvalidArgumentError(what, 'must be a list')
  return references as readonly T[]
}

/** The entity and its pool, or null. */
export function findByReference<T>(
  pools: Iterable<Pool>,
  reference: string,
  table: (pool: Pool) => ReadonlyMap<string, T>,
): T | null {
  if (typeof reference !== 'string') {
    throw new InvalidArgumentError('reference', 'must be text: ID or POOL:ID')
  }
  const colon = reference.indexOf(':')
  const wanted = colon === -1 ? null : reference.slice(0, colon)
  const id = reference.slice(colon + 1)
  for (const pool of pools) {
    if (wanted !== null && pool.name !== wanted) continue
    const entity = table(pool).get(id)
    if (entity !== undefined) return entity
  }
  return null
}

/** @throws NotFoundError */
export function getByReference<T>(
  pools: Iterable<Pool>,
  kind: EntityKind,
  reference: string,
  table: (pool: Pool) => ReadonlyMap<string, T>,
): T {
  const entity = findByReference(pools, reference, table)
  if (entity === null) throw new NotFoundError(kind, reference)
  return entity
}

/** Why there is no container of this name, if its file is there. */
export function brokenOf(pools: Iterable<Pool>, reference: string): string | undefined {
  const [id, pool] = reference.split(':').reverse()
  for (const { name, broken, layout } of pools) {
    if (pool !== undefined && pool !== name) continue
    const file = broken.find(({ path }) => path === `${layout.conf('ct')}/${id}.yml`)
    if (file !== undefined) return `${file.path} is broken: ${file.reason}`
  }
  return undefined
}

/** The pool that is named, or the only sensible default: the first one. */
export function choosePool(pools: ReadonlyMap<string, Pool>, name: string | undefined): Pool {
  const pool = name === undefined ? pools.values().next().value : pools.get(name)
  if (pool === undefined) {
    throw new NotFoundError(
      'pool',
      name ?? '',
      name === undefined ? 'no pool is imported' : undefined,
    )
  }
  return pool
}
