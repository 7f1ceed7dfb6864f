// A pool: how it is opened and installed, its marker and its configuration.

import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { poolName } from './names.js'

const path = z
  .string()
  .min(2, 'must be an absolute path')
  .max(3000, 'must be at most 3000 characters')
  .refine(isAbsolute, 'must be an absolute path')
  // LXC configuration and mount options are lines of text that the path becomes part of.
  .refine(
    (text) => !/[\0-\x20\x7f\\,:"]/.test(text),
    'must not hold blanks, commas, colons, quotes',
  )

/** One pool that a host is opened with. */
export interface PoolOptions {
  /** What it is called on this host. */
  readonly name: string
  /** Default `dir`, which is the only one. */
  readonly driver?: 'dir' | undefined
  /** The directory that it is. */
  readonly path: string
}

export const poolOptions = z.strictObject({
  name: poolName,
  driver: z.literal('dir', 'must be "dir"').default('dir'),
  path,
})

export const cloneMode = z.enum(['overlay', 'reflink', 'copy'])
export type CloneMode = z.output<typeof cloneMode>

export interface InstallOptions extends PoolOptions {
  /** How rootfs are made from images. Default `auto`: the first that works here. */
  readonly cloneMode?: 'auto' | CloneMode | undefined
}

export const installOptions = poolOptions.extend({
  cloneMode: z.union([z.literal('auto'), cloneMode]).default('auto'),
})

/** The newest format of a pool that this version understands. */
export const POOL_FORMAT = 1

/** `osctl-pool.yml` in the pool's root says that the directory is a pool. */
export const poolMarker = z.looseObject({
  format: z.number().int().positive(),
  uuid: z.string(),
  driver: z.string(),
  clone_mode: cloneMode,
  /** False for a temporary pool: what is large in it is not flushed to the disk. */
  durable: z.boolean().default(true),
})

/** `conf/pool/config.yml` */
export const poolFile = z.looseObject({
  parallel_start: z.number().int().positive().default(2),
  parallel_stop: z.number().int().positive().default(4),
})
