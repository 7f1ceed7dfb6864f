// A range of host ids that is handed out in blocks, and what stands in `conf/id-range/NAME.yml`.

import { z } from 'zod'
import { attrsFile } from './attributes.js'
import { idRangeName } from './names.js'

const ID_MAX = 2 ** 32 - 2

export interface CreateIdRangeOptions {
  readonly name: string
  /** The pool's name. Default: the first pool. */
  readonly pool?: string | undefined
  /** The first id; at least 65536. */
  readonly startId: number
  /** Ids in a block; at least 65536. */
  readonly blockSize: number
  readonly blockCount: number
}

const fields = {
  startId: z.number().int().min(65536, 'must be at least 65536'),
  blockSize: z.number().int().min(65536, 'must be at least 65536'),
  blockCount: z.number().int().positive('must be above 0'),
}

export const createIdRangeOptions = z
  .strictObject({ name: idRangeName, pool: z.string().optional(), ...fields })
  .refine((range) => range.startId + range.blockSize * range.blockCount - 1 <= ID_MAX, {
    path: ['blockCount'],
    error: 'must end below 2^32 - 1',
  })

/** In the words of vpsAdminOS's files, which are not those of its commands. */
export const allocation = z.preprocess(
  inFileWords,
  z.looseObject({
    index: z.number().int().nonnegative(),
    count: z.number().int().positive(),
    owner: z.string().nullish(),
  }),
)

// Files that this library wrote first have those of the commands.
function inFileWords(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || !('block_index' in entry)) return entry
  const { block_index: index, block_count: count, ...rest } = entry as Record<string, unknown>
  return { index, count, ...rest }
}

/** `conf/id-range/NAME.yml` */
export const idRangeFile = z
  .looseObject({
    start_id: fields.startId,
    block_size: fields.blockSize,
    block_count: fields.blockCount,
    allocations: z.array(allocation).default([]),
    attrs: attrsFile,
  })
  // Blocks are looked at one by one.
  .refine((range) => range.start_id + range.block_size * range.block_count - 1 <= ID_MAX, {
    path: ['block_count'],
    error: 'must end below 2^32 - 1',
  })
export type IdRangeFile = z.output<typeof idRangeFile>

export interface AllocateOptions {
  /** How many blocks in a row. Default 1. */
  readonly blockCount?: number | undefined
  /** Where they are. Default: the first place where they fit. */
  readonly blockIndex?: number | undefined
  /** Whose they are, as the table shows it. */
  readonly owner?: string | undefined
}

/** Which blocks: by the index of the first, or by their owner. */
export const freed = z.union([
  z.strictObject({ blockIndex: z.number().int().nonnegative() }),
  z.strictObject({ owner: z.string() }),
])

export const allocateOptions = z.strictObject({
  blockCount: z.number().int().positive('must be above 0').default(1),
  blockIndex: z.number().int().nonnegative().optional(),
  owner: z.string().min(1).max(256).optional(),
})
