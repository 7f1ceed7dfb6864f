// Where LXC's own tools find a container, also one that was never started.

import type { OperationOptions } from '../host/operation.js'
import { assertForLxc, writeLxcFile } from './lxc-file.js'
import type { ContainerRecord } from './record.js'

export interface LxcPlace {
  /** For `-P`. */
  readonly lxcPath: string
  /** For `-n`. */
  readonly id: string
}

export async function placeForLxc(
  record: ContainerRecord,
  options: OperationOptions = {},
): Promise<LxcPlace> {
  const { host, pool } = record
  if (!record.live) {
    using op = await record.begin('lxc', options)
    using _settings = await record.lockSettings(op)
    record.assertPresent()
    // What runs has what it was started with.
    if (!record.live) {
      writeLxcFile(record)
      assertForLxc(record)
    }
  }
  return Object.freeze({ lxcPath: host.paths.lxc(pool.name), id: record.id })
}
