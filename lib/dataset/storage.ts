// The part of a pool's storage that containers' further datasets are in.

import type { ContainerRecord } from '../container/record.js'
import { UnsupportedError } from '../host/errors.js'
import type { DatasetStorage } from '../storage/datasets.js'

/** @throws UnsupportedError for a pool in a directory */
export function datasetsOf({ pool }: ContainerRecord): DatasetStorage {
  const { datasets } = pool.driver
  if (datasets !== null) return datasets
  throw new UnsupportedError('a dataset', `pool ${pool.name} is in a directory, not on ZFS`)
}
