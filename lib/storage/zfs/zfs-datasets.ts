// Datasets below a container's own. Their trees are in `private` too, which the keeper makes when it first
// mounts one.

import { chown } from 'node:fs/promises'
import { createDataset, inheritProperty, setProperties } from '../../zfs/datasets.js'
import { listDatasets, type ListedDataset } from '../../zfs/list.js'
import type { Properties, PropertyValue } from '../../zfs/properties.js'
import { isZfsError } from '../../zfs/zfs-error.js'
import type { DatasetEntry, DatasetStorage, Owner } from '../datasets.js'
import { DatasetMount } from './dataset-mount.js'
import { listIfThere, listShared, releaseTheirs } from './guest-datasets.js'
import { isAside, LIMITING } from './names.js'
import type { Trash } from './trash.js'

const COUNTS = { filesystemLimit: 'filesystem_limit', snapshotLimit: 'snapshot_limit' } as const
/** What says where and how others than a guest would have a dataset. */
const GUEST_SETTINGS = ['mountpoint', 'sharenfs', 'sharesmb'] as const
const UNLIMITED = 2 ** 64
const FIGURES = ['used', 'referenced', 'available'] as const

export class ZfsDatasets implements DatasetStorage {
  readonly #trash: Trash

  constructor(trash: Trash) {
    this.#trash = trash
  }

  nameOf(home: string, name: string): string {
    return name === '/' ? home : `${home}/${name}`
  }

  async list(home: string): Promise<readonly DatasetEntry[]> {
    const properties = [...FIGURES, ...LIMITING, ...Object.values(COUNTS)]
    const { ours } = await listShared(home, { properties })
    return ours.filter(({ name }) => !isAside(home, name)).map((one) => entryOf(home, one))
  }

  async create(home: string, name: string, properties: Properties): Promise<void> {
    const parts = name.split('/')
    for (let length = 1; length <= parts.length; length++) {
      const last = length === parts.length
      const dataset = this.nameOf(home, parts.slice(0, length).join('/'))
      try {
        await createDataset(dataset, { canmount: 'noauto', ...(last ? inZfs(properties) : {}) })
      } catch (error) {
        if (last || !isZfsError(error, 'EEXIST')) throw error
      }
    }
  }

  async set(
    home: string,
    name: string,
    properties: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const dataset = this.nameOf(home, name)
    const values: Record<string, PropertyValue> = {}
    const inherited: string[] = []
    for (const [property, value] of Object.entries(inZfs(properties))) {
      if (value === undefined) continue
      if (value !== null) values[property] = value as PropertyValue
      else if (isLimit(property)) values[property] = 'none'
      else inherited.push(property)
    }
    if (Object.keys(values).length > 0) await setProperties(dataset, values)
    for (const property of inherited) await inheritProperty(dataset, property)
  }

  async delegate(home: string, name: string, { uid, gid }: Owner): Promise<void> {
    const dataset = this.nameOf(home, name)
    // Who is in its zone may mount it, and nobody else.
    await setProperties(dataset, { zoned: true, canmount: true })
    await using mount = await DatasetMount.of(dataset)
    await chown(mount.path, uid, gid)
  }

  async undelegate(home: string, name: string): Promise<void> {
    const dataset = this.nameOf(home, name)
    // Later, nobody knows any more whose holds they are.
    await releaseTheirs(dataset)
    const found = await listDatasets(dataset, { properties: ['volsize', 'zoned'] }).catch(
      (error: unknown) => {
        if (isZfsError(error, 'ENOENT')) return []
        throw error
      },
    )
    // While it is zoned, nobody on the host follows what a guest has said.
    for (const { name: each, properties } of found) {
      if (properties['volsize'] !== undefined) continue
      for (const property of GUEST_SETTINGS) await inheritProperty(each, property)
      await setProperties(each, { canmount: 'noauto' })
    }
    for (const { name: each, properties } of found.toReversed()) {
      if (properties['zoned']?.source === 'local') await inheritProperty(each, 'zoned')
    }
    if (found.length > 0) await this.set(home, name, { filesystemLimit: null, snapshotLimit: null })
  }

  async theirs(home: string, name: string): Promise<readonly string[]> {
    const { theirs } = await listIfThere(this.nameOf(home, name))
    return theirs.map((one) => one.name)
  }

  async remove(home: string, name: string): Promise<void> {
    await this.#trash.put(this.nameOf(home, name))
  }
}

/** By the names that ZFS has. */
function inZfs<T>(properties: Readonly<Record<string, T>>): Record<string, T> {
  const names: Readonly<Record<string, string>> = COUNTS
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [names[name] ?? name, value]),
  )
}

/** Limits are not inherited. */
function isLimit(property: string): boolean {
  return [...LIMITING, ...Object.values(COUNTS)].some((one) => one === property)
}

function entryOf(home: string, { name, properties }: ListedDataset): DatasetEntry {
  const number = (property: string): number => Number(properties[property]?.value ?? 0)
  const limit = (property: string): number | null => number(property) || null
  const count = (property: string): number | null => {
    const value = number(property)
    return value === 0 || value >= UNLIMITED ? null : value
  }
  const values = [
    ...FIGURES.map((property) => [property, number(property)]),
    ...LIMITING.map((property) => [property, limit(property)]),
    ...Object.entries(COUNTS).map(([name, property]) => [name, count(property)]),
  ]
  return Object.freeze({
    name: name === home ? '/' : name.slice(home.length + 1),
    dataset: name,
    delegated: properties['zoned']?.value === 'on',
    ...(Object.fromEntries(values) as Omit<DatasetEntry, 'name' | 'dataset' | 'delegated'>),
  })
}
