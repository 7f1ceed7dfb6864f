// Datasets of a container: their names, their mounts inside it, and what can be set for them.

import { z } from 'zod'
import { line } from './names.js'
import { size, type Size } from './size.js'

/** Relative to the container's own. What begins with a dot is put aside there, and seen by nobody. */
export const subdatasetName = z
  .string()
  .max(150, 'must be at most 150 characters')
  .regex(
    /^[a-zA-Z0-9_:-][a-zA-Z0-9_.:-]*(\/[a-zA-Z0-9_:-][a-zA-Z0-9_.:-]*)*$/,
    'must be like "data" or "data/sub", of a-z, 0-9, "_.:-"',
  )

/** What the guest's own filesystems cover. */
const COVERED = /^\/(proc|sys|dev|run)(\/|$)/

export const mountpoint = line
  .max(1024, 'must be at most 1024 characters')
  .regex(/^(\/[^/]+)+$/, 'must be an absolute path that is not "/"')
  .refine((path) => !/\/\.\.?(\/|$)/.test(path), 'must not hold "." or ".." as a part')
  .refine((path) => path === path.trim(), 'must not end with a blank')
  .refine((path) => !COVERED.test(path), 'must not be below /proc, /sys, /dev or /run')

/**
 * `null` takes it back: to no limit, or to what the dataset above says. What is not given stays as it is.
 */
export interface DatasetSettings {
  /** Bytes, or text like `'10 GiB'`, of it with all that is below it, snapshots too. */
  readonly quota?: Size | null | undefined
  /** The same without snapshots and what is below it. */
  readonly refquota?: Size | null | undefined
  /** Bytes that are kept for it with all that is below it. */
  readonly reservation?: Size | null | undefined
  /** The same without snapshots and what is below it. */
  readonly refreservation?: Size | null | undefined
  /** As zfsprops(7) has it: `lz4`, `zstd-3`, `off`. */
  readonly compression?: string | null | undefined
  /** Bytes, a power of two: the largest block of a file. */
  readonly recordsize?: Size | null | undefined
  /** Whether reading a file notes the time; zfsprops(7). */
  readonly atime?: boolean | null | undefined
  /** With `atime`: once a day at most, or after a change. */
  readonly relatime?: boolean | null | undefined
  /** What becomes of fsync(2) inside; zfsprops(7). */
  readonly sync?: 'standard' | 'always' | 'disabled' | null | undefined
}

const settings = {
  quota: size.nullish(),
  refquota: size.nullish(),
  reservation: size.nullish(),
  refreservation: size.nullish(),
  compression: z.string().max(20).nullish(),
  recordsize: size.nullish(),
  atime: z.boolean().nullish(),
  relatime: z.boolean().nullish(),
  sync: z.enum(['standard', 'always', 'disabled']).nullish(),
}

export const datasetSettings = z.strictObject(settings)
export type DatasetSettingsChecked = z.output<typeof datasetSettings>

/** Of one that is, or is to be, in the container's own hands. */
export interface DelegationSettings {
  /**
   * Root in the container manages it and what is below it, with `zfs` or otherwise, and mounts it: nobody else
   * does. Default false.
   */
  readonly delegated?: boolean | undefined
  /** How many datasets the container may have below it, itself counted. `null`: the default, 100. */
  readonly filesystemLimit?: number | null | undefined
  /** How many snapshots there may be when the container makes another one. `null`: the default, 1000. */
  readonly snapshotLimit?: number | null | undefined
}

/** What a container may fill a zpool's metadata with, where nothing else was said. */
export const DEFAULT_FILESYSTEM_LIMIT = 100
export const DEFAULT_SNAPSHOT_LIMIT = 1000

const count = z.number().int().min(1).max(1_000_000)
const delegation = {
  delegated: z.boolean().optional(),
  filesystemLimit: count.nullish(),
  snapshotLimit: count.nullish(),
}

export interface SetDatasetOptions extends DatasetSettings, DelegationSettings {}

export const setDatasetOptions = z.strictObject({ ...settings, ...delegation })

export interface CreateDatasetOptions extends DatasetSettings, DelegationSettings {
  /** Where the container sees it. Default: `/` and its name; of a delegated one, nowhere. `null`: nowhere. */
  readonly mountpoint?: string | null | undefined
  /** The container cannot write to it. Default false. */
  readonly readonly?: boolean | undefined
}

export const createDatasetOptions = z.strictObject({
  ...settings,
  ...delegation,
  mountpoint: mountpoint.nullish(),
  readonly: z.boolean().default(false),
})

export interface DeleteDatasetOptions {
  /** With all that is below it. Default false. */
  readonly recursive?: boolean | undefined
  /** Its mounts are taken out of the container's file, too. Default false. */
  readonly unmount?: boolean | undefined
}

export const deleteDatasetOptions = z.strictObject({
  recursive: z.boolean().default(false),
  unmount: z.boolean().default(false),
})

export interface MountInput {
  /** A dataset of the container, relative to its own. */
  readonly dataset: string
  /** Where the container sees it; the directory is made. */
  readonly mountpoint: string
  /** Default false. */
  readonly readonly?: boolean | undefined
}

export const mountInput = z.strictObject({
  dataset: subdatasetName,
  mountpoint,
  readonly: z.boolean().default(false),
})

/** In the container's file. Those without a dataset are kept as they are. */
export const mountFile = z.looseObject({
  mountpoint: z.string(),
  opts: z.string().nullish(),
  automount: z.boolean().nullish(),
  dataset: z.string().nullish(),
})
export type MountFile = z.output<typeof mountFile>
