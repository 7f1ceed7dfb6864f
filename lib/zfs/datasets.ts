// Filesystems and their snapshots.

import { native } from '../native.js'
import { call, subjects, type ZfsOptions } from './call.js'
import { encodeProperties, type Properties } from './properties.js'

/** Of a filesystem, volume, snapshot or bookmark. @throws ZfsError EAGAIN in a pool that is suspended */
export async function datasetExists(name: string, options: ZfsOptions = {}): Promise<boolean> {
  return call(`look for ${name}`, () => native.zfs.exists(name), options)
}

/** @throws ZfsError ENOENT without its parent, EEXIST, EDQUOT, ENOSPC, ENAMETOOLONG from 256 bytes on */
export async function createDataset(
  name: string,
  properties: Properties = {},
  options: ZfsOptions = {},
): Promise<void> {
  const entries = encodeProperties(properties, 'properties')
  return call(`create ${name}`, () => native.zfs.create(name, entries), options)
}

/** Makes a filesystem of a snapshot, without copying anything. @throws ZfsError */
export async function cloneSnapshot(
  snapshot: string,
  name: string,
  properties: Properties = {},
  options: ZfsOptions = {},
): Promise<void> {
  const entries = encodeProperties(properties, 'properties')
  return call(
    `clone ${snapshot} to ${name}`,
    () => native.zfs.clone(snapshot, name, entries),
    options,
  )
}

/**
 * Has a clone own the snapshots that it came from.
 *
 * @throws ZfsError EEXIST with the snapshot in `detail` whose name both have
 */
export async function promoteClone(name: string, options: ZfsOptions = {}): Promise<void> {
  return call(`promote ${name}`, () => native.zfs.promote(name), options)
}

/** With all that is below it. It must not be mounted where the new name is to be seen. */
export async function renameDataset(
  from: string,
  to: string,
  options: ZfsOptions = {},
): Promise<void> {
  return call(`rename ${from} to ${to}`, () => native.zfs.rename(from, to), options)
}

/** @throws ZfsError EBUSY while it is mounted anywhere or has snapshots, EEXIST while datasets are below it */
export async function destroyDataset(name: string, options: ZfsOptions = {}): Promise<void> {
  return call(`destroy ${name}`, () => native.zfs.destroy(name), options)
}

/** To its newest snapshot. @throws ZfsError EEXIST where another one is newer, EBUSY while it is mounted */
export async function rollbackDataset(
  name: string,
  snapshot: string,
  options: ZfsOptions = {},
): Promise<void> {
  return call(`rollback ${name} to ${snapshot}`, () => native.zfs.rollback(name, snapshot), options)
}

export async function setProperties(
  name: string,
  properties: Properties,
  options: ZfsOptions = {},
): Promise<void> {
  const entries = encodeProperties(properties, 'properties')
  return call(`set properties of ${name}`, () => native.zfs.setProperties(name, entries), options)
}

/** Takes a property back to what it inherits; a user property that it does not inherit is gone. */
export async function inheritProperty(
  name: string,
  property: string,
  options: ZfsOptions = {},
): Promise<void> {
  return call(
    `inherit ${property} of ${name}`,
    () => native.zfs.inheritProperty(name, property),
    options,
  )
}

/**
 * All of the same moment, of one pool, and all or none.
 *
 * @param names `pool/dataset@name`, one of each dataset
 * @throws ZfsError whose `failures` say which could not be made
 */
export async function makeSnapshots(
  names: readonly string[],
  properties: Properties = {},
  options: ZfsOptions = {},
): Promise<void> {
  const entries = encodeProperties(properties, 'properties')
  return call(
    `snapshot ${subjects(names)}`,
    () => native.zfs.snapshot([...names], entries),
    options,
  )
}

/** Those that are not there are no error. All or none. @throws ZfsError whose `failures` say which */
export async function destroySnapshots(
  names: readonly string[],
  options: ZfsOptions & {
    /** Those that have clones or are held go by themselves, as soon as they have not. */
    readonly defer?: boolean
  } = {},
): Promise<void> {
  return call(
    `destroy ${subjects(names)}`,
    () => native.zfs.destroySnapshots([...names], options.defer ?? false),
    options,
  )
}
