// Datasets below a container's own. Their trees are in `private` too, which the keeper makes when it first
// mounts one.

import { createDataset, inheritProperty, setProperties } from '../../zfs/datasets.js'
import { listDatasets, type ListedDataset } from '../../zfs/list.js'
import type { Properties, PropertyValue } from '../../zfs/properties.js'
import { isZfsError } from '../../zfs/zfs-error.js'
import type { DatasetEntry, DatasetStorage } from '../datasets.js'
import { isAside } from './names.js'
import type { Trash } from './trash.js'

const LIMITS = ['quota', 'refquota', 'reservation', 'refreservation'] as const
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
    const found = await listDatasets(home, { properties: [...FIGURES, ...LIMITS] })
    return found.filter(({ name }) => !isAside(name)).map((one) => entryOf(home, one))
  }

  async create(home: string, name: string, properties: Properties): Promise<void> {
    const parts = name.split('/')
    for (let length = 1; length <= parts.length; length++) {
      const last = length === parts.length
      const dataset = this.nameOf(home, parts.slice(0, length).join('/'))
      try {
        await createDataset(dataset, { canmount: 'noauto', ...(last ? properties : {}) })
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
    for (const [property, value] of Object.entries(properties)) {
      if (value === undefined) continue
      if (value !== null) values[property] = value as PropertyValue
      // Limits are not inherited.
      else if ((LIMITS as readonly string[]).includes(property)) values[property] = 'none'
      else inherited.push(property)
    }
    if (Object.keys(values).length > 0) await setProperties(dataset, values)
    for (const property of inherited) await inheritProperty(dataset, property)
  }

  async remove(home: string, name: string): Promise<void> {
    await this.#trash.put(this.nameOf(home, name))
  }
}

function entryOf(home: string, { name, properties }: ListedDataset): DatasetEntry {
  const number = (property: string): number => Number(properties[property]?.value ?? 0)
  const limit = (property: string): number | null => number(property) || null
  const values = [
    ...FIGURES.map((property) => [property, number(property)]),
    ...LIMITS.map((property) => [property, limit(property)]),
  ]
  return Object.freeze({
    name: name === home ? '/' : name.slice(home.length + 1),
    dataset: name,
    ...(Object.fromEntries(values) as Omit<DatasetEntry, 'name' | 'dataset'>),
  })
}
