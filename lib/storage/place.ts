// Where a pool is, before it is one of this host: found, made, and taken into use.

import type { HostContext } from '../host/context.js'
import type { Operation } from '../host/operation.js'
import type { Marker } from '../pool/marker.js'
import type { z } from 'zod'
import type { installOptions, poolOptions } from '../schema/pool.js'
import { findDirPlace, installDirPlace, isDirAbsent } from './dir/dir-place.js'
import type { StorageDriver } from './driver.js'
import { findZfsPlace, installZfsPlace, isZfsAbsent } from './zfs/zfs-place.js'

export interface PoolPlace {
  /** The directory that its files are in. */
  readonly root: string

  /** Where there is another filesystem, from the root on. The keeper must see each of them. */
  readonly mounts: readonly string[]

  /**
   * Which pool it is. For who has its lock: one of vpsAdminOS that has never been ours gets its marker.
   *
   * @throws PoolFormatError when a newer version wrote it
   */
  marker(): Promise<Marker>

  /** Makes what is missing of it, for who has its lock. */
  ensure(): Promise<void>

  driver(marker: Marker): StorageDriver
}

/** Whether it was never installed, which is no error: `host.pools.install()` is what makes it. */
export function isAbsent(options: z.output<typeof poolOptions>): Promise<boolean> {
  return options.driver === 'zfs' ? isZfsAbsent(options) : isDirAbsent(options)
}

/** @throws NotAPoolError, PoolUnsafeError */
export function findPlace(options: z.output<typeof poolOptions>): Promise<PoolPlace> {
  return options.driver === 'zfs' ? findZfsPlace(options) : findDirPlace(options)
}

/** What is different between pools that are made to last and those that are not. */
export interface Durability {
  readonly durable: boolean
}

/** Makes one. Undone completely when it fails. */
export async function installPlace(
  op: Operation,
  host: HostContext,
  options: z.output<typeof installOptions>,
  durability: Durability,
): Promise<void> {
  if (options.driver === 'zfs') await installZfsPlace(op, host, options, durability)
  else await installDirPlace(op, host, options, durability)
}
