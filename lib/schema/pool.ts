// A pool: how it is opened and installed, its marker and its configuration.

import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { attrsFile } from './attributes.js'
import { datasetName, poolName } from './names.js'
import { nullIsNone } from './null-is-none.js'

export const poolPath = z
  .string()
  .min(2, 'must be an absolute path')
  .max(3000, 'must be at most 3000 characters')
  .refine(isAbsolute, 'must be an absolute path')
  // LXC configuration and mount options are lines of text that the path becomes part of.
  .refine(
    (text) => !/[\0-\x20\x7f\\,:"]/.test(text),
    'must not hold blanks, commas, colons, quotes',
  )

/** A pool in a directory. */
export interface DirPoolOptions {
  /** What it is called on this host. */
  readonly name: string
  /** Any directory of any filesystem. It is the default. */
  readonly driver?: 'dir' | undefined
  /** The directory that it is. */
  readonly path: string
}

/** A pool in a dataset of ZFS, as vpsAdminOS has them. */
export interface ZfsPoolOptions {
  /** What it is called on this host. */
  readonly name: string
  /** Each container in a dataset of its own. */
  readonly driver: 'zfs'
  /**
   * The dataset that all of it is in; it must be mounted. Default: the one that the zpool of that name
   * says in `org.vpsadminos.osctl:dataset`, or that zpool's own.
   */
  readonly dataset?: string | undefined
}

/** One pool that a host is opened with. */
export type PoolOptions = DirPoolOptions | ZfsPoolOptions

export const dirPoolOptions = z.strictObject({
  name: poolName,
  driver: z.literal('dir').optional(),
  path: poolPath,
})

export const zfsPoolOptions = z.strictObject({
  name: poolName,
  driver: z.literal('zfs'),
  dataset: datasetName.optional(),
})

export const poolOptions = z.discriminatedUnion('driver', [dirPoolOptions, zfsPoolOptions])

export const cloneMode = z.enum(['overlay', 'reflink', 'copy'])
export const anyCloneMode = z.enum([...cloneMode.options, 'clone'])
/** How the rootfs of a container is made from an image; `clone` is that of ZFS. */
export type CloneMode = z.output<typeof anyCloneMode>

export interface DirInstallOptions extends DirPoolOptions {
  /** How rootfs are made from images. Default `auto`: the first that works here. */
  readonly cloneMode?: 'auto' | 'overlay' | 'reflink' | 'copy' | undefined
}

export type InstallOptions = DirInstallOptions | ZfsPoolOptions

export const dirInstallOptions = dirPoolOptions.extend({
  cloneMode: z.union([z.literal('auto'), cloneMode]).default('auto'),
})

export const installOptions = z.discriminatedUnion('driver', [dirInstallOptions, zfsPoolOptions])

/** The newest format of a pool that this version understands. */
export const POOL_FORMAT = 1

/** `osctl-pool.yml` in the pool's root says that it is a pool, and which one. */
export const poolMarker = z.looseObject({
  format: z.number().int().positive(),
  uuid: z.string(),
  driver: z.string(),
  clone_mode: anyCloneMode,
  /** False for a temporary pool: what is large in it is not flushed to the disk. */
  durable: z.boolean().default(true),
})

const many = z.number().int().min(1, 'must be at least 1').max(1000, 'must be at most 1000')

/** What `set()` can change. `null` goes back to the default; what is not given stays as it is. */
export interface PoolSettingsInput {
  /** How many containers may be started by themselves at any time, whatever the machine has to bear. Default 2. */
  readonly parallelStart?: number | null | undefined
  /** How many may be stopped so. Default 4. */
  readonly parallelStop?: number | null | undefined
}

export const poolSettings = z.strictObject({
  parallelStart: many.nullish(),
  parallelStop: many.nullish(),
})

/** `conf/pool/config.yml` */
export const poolFile = z.looseObject({
  parallel_start: nullIsNone(z.number().int().positive().default(2)),
  parallel_stop: nullIsNone(z.number().int().positive().default(4)),
  attrs: attrsFile,
})
