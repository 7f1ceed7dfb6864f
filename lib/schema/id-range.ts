// A range of host ids that is handed out in blocks, and what stands in `conf/id-range/NAME.yml`.

import { z } from 'zod'
import { idRangeName } from './names.js'

const ID_MAX = 2 ** 32 - 2

const fields = {
  /** The first id. */
  startId: z.number().int().min(65536, 'must be at least 65536'),
  /** Ids in a block. */
  blockSize: z.number().int().min(65536, 'must be at least 65536'),
  blockCount: z.number().int().positive('must be above 0'),
}

export const createIdRangeOptions = z
  .strictObject({ name: idRangeName, pool: z.string().optional(), ...fields })
  .refine((range) => range.startId + range.blockSize * range.blockCount - 1 <= ID_MAX, {
    path: ['blockCount'],
    error: 'must end below 2^32 - 1',
  })
export type CreateIdRangeOptions = z.input<typeof createIdRangeOptions>

export const allocation = z.looseObject({
  block_index: z.number().int().nonnegative(),
  block_count: z.number().int().positive(),
  owner: z.string().nullish(),
})

/** `conf/id-range/NAME.yml` */
export const idRangeFile = z.looseObject({
  start_id: fields.startId,
  block_size: fields.blockSize,
  block_count: fields.blockCount,
  allocations: z.array(allocation).default([]),
})
export type IdRangeFile = z.output<typeof idRangeFile>

export const allocateOptions = z.strictObject({
  blockCount: z.number().int().positive('must be above 0').default(1),
  blockIndex: z.number().int().nonnegative().optional(),
  owner: z.string().min(1).max(256).optional(),
})
export type AllocateOptions = z.input<typeof allocateOptions>
