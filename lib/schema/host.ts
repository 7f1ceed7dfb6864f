// How a host is opened.

import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { poolOptions, type PoolOptions } from './pool.js'

export interface HostOptions {
  /**
   * Run state: the keeper's socket, LXC configuration, mount points. Should be on a tmpfs. Default
   * `/run/osctl`.
   */
  readonly stateDir?: string | undefined
  /** The directory below every cgroup hierarchy that belongs to this host. Default `osctl`. */
  readonly cgroupRoot?: string | undefined
  /** How names of its network interfaces begin: the kernel allows 15 characters in all. Default `veth`. */
  readonly interfacePrefix?: string | undefined
  /** Those that are taken into use at once. One that was never installed is passed over. */
  readonly pools?: readonly PoolOptions[] | undefined
}

const placeOf = (pool: z.output<typeof poolOptions>): string =>
  pool.driver === 'zfs' ? (pool.dataset ?? pool.name) : pool.path

export const hostOptions = z.strictObject({
  stateDir: z
    .string()
    .refine(isAbsolute, 'must be an absolute path')
    .max(60, 'must be at most 60 characters, as socket addresses are short')
    .regex(/^[a-zA-Z0-9_./-]*$/, 'must be of a-z, 0-9, "_", ".", "/" and "-"')
    .default('/run/osctl'),
  cgroupRoot: z
    .string()
    .max(200, 'must be at most 200 characters')
    .regex(
      /^[a-zA-Z0-9_-]+(\/[a-zA-Z0-9_-]+)*$/,
      'must be a relative path of a-z, 0-9, "_" and "-"',
    )
    .default('osctl'),
  interfacePrefix: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,7}$/, 'must be 1 to 8 of a-z and 0-9')
    .default('veth'),
  pools: z
    .array(poolOptions)
    .default([])
    .refine((pools) => new Set(pools.map((pool) => pool.name)).size === pools.length, {
      error: 'must have different names',
    })
    .refine((pools) => new Set(pools.map(placeOf)).size === pools.length, {
      error: 'must have different paths or datasets',
    }),
})
