// Further datasets of a container, each with limits of its own: below the container's own, with it in every
// snapshot, and mounted where the container wants them.

import type { ContainerRecord } from '../container/record.js'
import { ExistsError, InUseError, InvalidArgumentError, NotFoundError } from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { datasetMounts, isOf, mountEntry } from '../mount/dataset-mounts.js'
import { unmountLive } from '../mount/live-mounts.js'
import { assertFree, changeMounts } from '../mount/mounts.js'
import { poolError } from '../pool/write-file.js'
import {
  createDatasetOptions,
  datasetSettings,
  deleteDatasetOptions,
  subdatasetName,
  type CreateDatasetOptions,
  type DatasetSettings,
  type DeleteDatasetOptions,
} from '../schema/dataset.js'
import { parse } from '../schema/parse.js'
import { done } from '../step.js'
import type { DatasetEntry, DatasetStorage } from '../storage/datasets.js'
import type { Properties } from '../zfs/properties.js'
import { isZfsError } from '../zfs/zfs-error.js'
import { datasetsOf } from './storage.js'

export type { DatasetEntry } from '../storage/datasets.js'

/**
 * ```ts
 * await ct.datasets.create('data', { mountpoint: '/srv/data', quota: '10 GiB' })
 * await ct.datasets.set('/', { refquota: '20 GiB' })
 * ```
 */
export class Datasets {
  readonly #record: ContainerRecord

  /** @internal */
  constructor(record: ContainerRecord) {
    this.#record = record
  }

  /** The container's own, `/`, first. */
  async list(options: OperationOptions = {}): Promise<readonly DatasetEntry[]> {
    checkOptions(options, 'datasets')
    this.#record.assertPresent()
    return await datasetsOf(this.#record).list(this.#record.home)
  }

  /**
   * With those above it that are missing, which are mounted nowhere.
   *
   * @param name relative to the container's own: `data`, `data/sub`
   * @throws ExistsError also for a mountpoint that has a dataset; PoolFullError, also for a reservation
   */
  async create(
    name: string,
    settings: CreateDatasetOptions = {},
    options: OperationOptions = {},
  ): Promise<void> {
    const record = this.#record
    const wanted = parse(subdatasetName, name, 'dataset')
    const { mountpoint, readonly, ...properties } = parse(
      createDatasetOptions,
      settings,
      'datasets.create',
    )
    const at = mountpoint === undefined ? `/${wanted}` : mountpoint
    const storage = datasetsOf(record)
    using op = await record.begin('dataset-create', options)
    const outermost = await missing(record, storage, wanted)
    if (at !== null) assertFree(record.config, at)
    op.signal?.throwIfAborted()
    using _settings = await record.lockSettings(op)
    record.config = await record.file.update({ vpsadminos: { making_dataset: outermost } })
    try {
      done('dataset.marked', op.signal)
      await refused(wanted, () => storage.create(record.home, wanted, given(properties)))
      done('dataset.made', op.signal)
      op.goOn()
      const entry = at === null ? [] : [mountEntry(wanted, at, readonly)]
      await changeMounts(record, (before) => [...before, ...entry], {
        vpsadminos: { making_dataset: undefined },
      })
    } catch (error) {
      await finishDatasets(record)
      throw poolError(error, storage.nameOf(record.home, wanted))
    }
    done('dataset.mounted')
  }

  /**
   * At once in force.
   *
   * @param name `/` is the container's own
   * @throws NotFoundError; PoolFullError for a reservation
   */
  async set(
    name: string,
    settings: DatasetSettings,
    options: OperationOptions = {},
  ): Promise<void> {
    const record = this.#record
    const wanted = name === '/' ? name : parse(subdatasetName, name, 'dataset')
    const properties = parse(datasetSettings, settings, 'datasets.set')
    const storage = datasetsOf(record)
    using _op = await record.begin('dataset-set', options)
    try {
      await refused(wanted, () => storage.set(record.home, wanted, properties))
    } catch (error) {
      throw poolError(error, storage.nameOf(record.home, wanted))
    }
  }

  /**
   * Into the pool's trash, with its snapshots.
   *
   * @throws NotFoundError; InUseError while others are below it, or while it is mounted
   */
  async delete(
    name: string,
    how: DeleteDatasetOptions = {},
    options: OperationOptions = {},
  ): Promise<void> {
    const record = this.#record
    const wanted = parse(subdatasetName, name, 'dataset')
    const { recursive, unmount } = parse(deleteDatasetOptions, how, 'datasets.delete')
    const storage = datasetsOf(record)
    using op = await record.begin('dataset-delete', options)
    const all = (await storage.list(record.home)).map((one) => one.name)
    if (!all.includes(wanted)) throw new NotFoundError('dataset', wanted)
    const below = all.filter((one) => one.startsWith(`${wanted}/`))
    if (below.length > 0 && !recursive) throw new InUseError('dataset', wanted, below)
    const mounts = datasetMounts(record.config).filter((mount) => isOf(mount, wanted))
    if (mounts.length > 0 && !unmount) {
      const where = mounts.map((mount) => `a mount at ${mount.mountpoint}`)
      throw new InUseError('dataset', wanted, where)
    }
    op.signal?.throwIfAborted()
    using _settings = await record.lockSettings(op)
    await changeMounts(record, (before) => before.filter((mount) => !isOf(mount, wanted)), {
      vpsadminos: { deleting_dataset: wanted },
    })
    done('dataset-delete.marked')
    op.goOn()
    // Also what its file did not say any more.
    for (const one of record.run.alive ? [...below, wanted].reverse() : []) {
      const dataset = storage.nameOf(record.home, one)
      await unmountLive(record, { dataset, at: `/${one}`, readonly: false })
    }
    await finishDatasets(record)
  }
}

/** Takes back what was begun to be made, and goes on with what was begun to be deleted. */
export async function finishDatasets(record: ContainerRecord): Promise<void> {
  const { making_dataset: making, deleting_dataset: deleting } = record.config.vpsadminos
  if (making === undefined && deleting === undefined) return
  const storage = datasetsOf(record)
  if (making !== undefined) await storage.remove(record.home, making)
  if (deleting !== undefined) await storage.remove(record.home, deleting)
  done('dataset-delete.removed')
  const none = { making_dataset: undefined, deleting_dataset: undefined }
  record.config = await record.file.update({ vpsadminos: none })
  done('dataset-delete.unmarked')
}

/** The outermost one that has to be made. */
async function missing(
  record: ContainerRecord,
  storage: DatasetStorage,
  name: string,
): Promise<string> {
  const all = (await storage.list(record.home)).map((one) => one.name)
  const parts = name.split('/')
  const each = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
  const first = each.find((one) => !all.includes(one))
  if (first === undefined) throw new ExistsError('dataset', name)
  return first
}

function given(properties: Readonly<Record<string, unknown>>): Properties {
  const set = Object.entries(properties).filter(([, value]) => value != null)
  return Object.fromEntries(set) as Properties
}

/** What ZFS does not take is the caller's mistake. */
export async function refused(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (isZfsError(error, 'ENOENT')) throw new NotFoundError('dataset', name)
    if (isZfsError(error, 'ENAMETOOLONG')) {
      throw new InvalidArgumentError('dataset', 'with the names above it is too long for ZFS')
    }
    if (isZfsError(error, 'EINVAL', 'ERANGE', 'EDOM', 'ENOTSUP')) {
      throw new InvalidArgumentError('dataset', error.message)
    }
    throw error
  }
}
