// Further datasets of a container, each with limits of its own: below the container's own, with it in every
// snapshot, and mounted where the container wants them.

import type { ContainerRecord } from '../container/record.js'
import { zfsDevice } from '../container/zfs-device.js'
import {
  ExistsError,
  InUseError,
  InvalidArgumentError,
  NotFoundError,
  UnsupportedError,
} from '../host/errors.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import { datasetMounts, isOf, mountEntry } from '../mount/dataset-mounts.js'
import { unmountLive } from '../mount/live-mounts.js'
import { assertFree, assertNotDelegated, changeMounts } from '../mount/mounts.js'
import { poolError } from '../pool/write-file.js'
import {
  createDatasetOptions,
  deleteDatasetOptions,
  setDatasetOptions,
  subdatasetName,
  type CreateDatasetOptions,
  type DeleteDatasetOptions,
  type SetDatasetOptions,
} from '../schema/dataset.js'
import { parse } from '../schema/parse.js'
import { done } from '../step.js'
import type { DatasetEntry, DatasetStorage } from '../storage/datasets.js'
import type { Properties } from '../zfs/properties.js'
import { zpoolOf } from '../zfs/names.js'
import { isZfsError } from '../zfs/zfs-error.js'
import {
  delegate,
  delegatedAbove,
  finishUndelegating,
  isDelegated,
  limitsOf,
  rootOf,
  undelegate,
  unmountTheirs,
  withDelegated,
  withoutDelegated,
} from './delegation.js'
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
    this.#record.pool.driver.assertWorking()
    return await datasetsOf(this.#record).list(this.#record.home)
  }

  /**
   * With those above it that are missing, which are mounted nowhere.
   *
   * @param name relative to the container's own: `data`, `data/sub`
   * @throws ExistsError also for a mountpoint that has a dataset; PoolFullError, also for a reservation;
   *   InUseError below one that is delegated; UnsupportedError where the container could not reach ZFS
   */
  async create(
    name: string,
    settings: CreateDatasetOptions = {},
    options: OperationOptions = {},
  ): Promise<void> {
    const record = this.#record
    const wanted = parse(subdatasetName, name, 'dataset')
    const {
      mountpoint,
      readonly,
      delegated = false,
      filesystemLimit,
      snapshotLimit,
      ...properties
    } = parse(createDatasetOptions, settings, 'datasets.create')
    const what = 'datasets.create'
    if (delegated && (mountpoint != null || readonly)) {
      throw new InvalidArgumentError(what, 'a delegated dataset is mounted by the container itself')
    }
    const usual = delegated ? null : `/${wanted}`
    const at = mountpoint === undefined ? usual : mountpoint
    const now = { before: false, after: delegated }
    const limits = limitsOf(what, { filesystemLimit, snapshotLimit }, now)
    const storage = datasetsOf(record)
    if (delegated) zfsDevice()
    using op = await record.begin('dataset-create', options)
    await settleDatasets(op, record)
    const inHands = delegatedAbove(record, wanted)
    if (inHands !== null) assertNotDelegated(record, inHands)
    const outermost = await missing(record, storage, wanted)
    if (at !== null) assertFree(record.config, at)
    op.signal?.throwIfAborted()
    using _settings = await record.lockSettings(op)
    record.config = await record.file.update({ vpsadminos: { making_dataset: outermost } })
    try {
      done('dataset.marked', op.signal)
      const all = { ...given(properties), ...limits }
      await refused(wanted, () => storage.create(record.home, wanted, all))
      if (delegated) await storage.delegate(record.home, wanted, rootOf(record))
      done('dataset.made', op.signal)
      op.goOn()
      const entry = at === null ? [] : [mountEntry(wanted, at, readonly)]
      // The container may have destroyed one of that name.
      const hands = delegated ? withDelegated(record, wanted) : withoutDelegated(record, wanted)
      await changeMounts(record, (before) => [...before, ...entry], {
        vpsadminos: { making_dataset: undefined, delegated: hands },
      })
    } catch (error) {
      await finishDatasets(record)
      throw poolError(error, storage.nameOf(record.home, wanted))
    }
    record.changed(['datasets'])
    done('dataset.mounted')
  }

  /**
   * At once in force.
   *
   * @param name `/` is the container's own
   * @throws NotFoundError; PoolFullError for a reservation; InUseError for one that is to be delegated while it is
   *   mounted, or no more while the container has others below it whose names are not such as can be given here;
   *   UnsupportedError where the container could not reach ZFS
   */
  async set(
    name: string,
    settings: SetDatasetOptions,
    options: OperationOptions = {},
  ): Promise<void> {
    const record = this.#record
    const wanted = name === '/' ? name : parse(subdatasetName, name, 'dataset')
    const what = 'datasets.set'
    const { delegated, filesystemLimit, snapshotLimit, ...properties } = parse(
      setDatasetOptions,
      settings,
      what,
    )
    if (wanted === '/' && delegated === true) {
      throw new InvalidArgumentError(what, 'the root of a container cannot be delegated to it')
    }
    const storage = datasetsOf(record)
    using op = await record.begin('dataset-set', options)
    await settleDatasets(op, record)
    if (delegatedAbove(record, wanted) !== null) throw new NotFoundError('dataset', wanted)
    const before = isDelegated(record, wanted)
    const after = delegated ?? before
    const limits = limitsOf(what, { filesystemLimit, snapshotLimit }, { before, after })
    try {
      await refused(wanted, async () => {
        // It is looked for first.
        await storage.set(
          record.home,
          wanted,
          before && after ? { ...properties, ...limits } : properties,
        )
        if (after && !before) await assertThere(record, storage, wanted)
        if (after && !before) await delegate(op, record, wanted, limits)
        if (before && !after) await undelegate(op, record, wanted)
      })
    } catch (error) {
      throw poolError(error, storage.nameOf(record.home, wanted))
    }
    record.changed(['datasets'])
  }

  /**
   * Into the pool's trash, with its snapshots.
   *
   * @throws NotFoundError; InUseError while others are below it, or while it is mounted. What the container has
   *   made below one that is delegated goes with it.
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
    // The same once more takes it from where it is mounted first.
    if (record.config.vpsadminos.deleting_dataset !== wanted) await settleDatasets(op, record)
    const all = (await storage.list(record.home)).map((one) => one.name)
    const isThere = all.includes(wanted) || isDelegated(record, wanted)
    if (!isThere) throw new NotFoundError('dataset', wanted)
    const below = all.filter((one) => one.startsWith(`${wanted}/`))
    if (below.length > 0 && !recursive) throw new InUseError('dataset', wanted, below)
    const mounts = datasetMounts(record.config).filter((mount) => isOf(mount, wanted))
    if (mounts.length > 0 && !unmount) {
      const where = mounts.map((mount) => `a mount at ${mount.mountpoint}`)
      throw new InUseError('dataset', wanted, where)
    }
    op.signal?.throwIfAborted()
    using _settings = await record.lockSettings(op)
    const hands = delegatedAmong(record, wanted)
    await changeMounts(record, (before) => before.filter((mount) => !isOf(mount, wanted)), {
      vpsadminos: { deleting_dataset: wanted, delegated: withoutDelegated(record, wanted) },
    })
    done('dataset-delete.marked')
    op.goOn()
    for (const one of hands) await unmountTheirs(record, one)
    // Also what its file did not say any more.
    for (const one of record.run.alive ? [...below, wanted].reverse() : []) {
      const dataset = storage.nameOf(record.home, one)
      await unmountLive(record, { dataset, at: `/${one}`, readonly: false })
    }
    await finishDatasets(record)
  }
}

/**
 * What has failed comes to its end before anything else is done to them: an import that does it later would take away
 * what has been written meanwhile.
 */
export async function settleDatasets(op: Operation, record: ContainerRecord): Promise<void> {
  const { making_dataset, deleting_dataset, undelegating } = record.config.vpsadminos
  if ((making_dataset ?? deleting_dataset ?? undelegating) === undefined) return
  using _settings = await record.lockSettings(op)
  await finishDatasets(record)
}

/** Takes back what was begun to be made, and goes on with what was begun to be deleted. */
export async function finishDatasets(record: ContainerRecord): Promise<void> {
  await finishUndelegating(record)
  const { making_dataset: making, deleting_dataset: deleting } = record.config.vpsadminos
  if (making === undefined && deleting === undefined) return
  const storage = datasetsOf(record)
  if (making !== undefined) await storage.remove(record.home, making)
  if (deleting !== undefined) await storage.remove(record.home, deleting)
  done('dataset-delete.removed')
  const none = { making_dataset: undefined, deleting_dataset: undefined }
  record.config = await record.file.update({ vpsadminos: none })
  if (deleting !== undefined) record.changed(['datasets'])
  done('dataset-delete.unmarked')
}

async function assertThere(
  { home }: ContainerRecord,
  storage: DatasetStorage,
  name: string,
): Promise<void> {
  const all = await storage.list(home)
  if (!all.some((one) => one.name === name)) throw new NotFoundError('dataset', name)
}

function delegatedAmong({ config }: ContainerRecord, name: string): string[] {
  return (config.vpsadminos.delegated ?? []).filter((one) => isOf({ dataset: one }, name))
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
    if (isZfsError(error, 'EINVAL', 'ERANGE', 'EDOM')) {
      throw new InvalidArgumentError('dataset', error.message)
    }
    if (isZfsError(error, 'ENOTSUP')) {
      const zpool = zpoolOf(error.path ?? '')
      const reason = `zpool '${zpool}' has not enabled the feature that it needs, zpool-features(7)`
      throw new UnsupportedError(`what dataset '${name}' was to have`, reason)
    }
    throw error
  }
}
