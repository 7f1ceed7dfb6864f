// A property as the kernel tells it: a value, and where it was set.

import type { ZfsResult } from '#native'
import type { ListedDataset, ListedProperty } from './list.js'
import { asMap } from './program.js'

// ZPROP_SOURCE_VAL_RECVD: not the name of a dataset.
const RECEIVED = '$recvd'

/** @param values of a dataset, by name */
export function readProperties(
  dataset: string,
  values: ZfsResult | undefined,
): ListedDataset['properties'] {
  return propertiesOf(
    Object.entries(asMap(values)).map(([name, read]) => [name, readProperty(dataset, read)]),
  )
}

/** Without those that are null. */
export function propertiesOf(
  entries: readonly (readonly [string, ListedProperty | null])[],
): ListedDataset['properties'] {
  // No name of a property means anything else there.
  const all = Object.create(null) as Record<string, ListedProperty>
  for (const [name, property] of entries) if (property !== null) all[name] = property
  return all
}

export function readProperty(dataset: string, read: ZfsResult | undefined): ListedProperty | null {
  const { value, source } = asMap(read)
  if (typeof value !== 'string' && typeof value !== 'bigint') return null
  const from = source === dataset ? 'local' : source === RECEIVED ? 'received' : source
  return {
    // Lua's numbers have a sign, those of ZFS have none.
    value: typeof value === 'bigint' ? BigInt.asUintN(64, value) : value,
    source: typeof from === 'string' && from !== '' ? from : null,
  }
}
