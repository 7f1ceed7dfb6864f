// Where a container sees its further datasets. A running one gets what is changed at once.

import { isDeepStrictEqual } from 'node:util'
import type { ContainerRecord } from '../container/record.js'
import { tellNextRun } from '../container/next-run.js'
import { whileChanging } from '../container/pending.js'
import { isDelegatedTo, setZfsDevice } from '../container/zfs-device.js'
import { ExistsError, InUseError, NotFoundError } from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { isIn } from '../is-in.js'
import type { SubMount } from '../keeper/types.js'
import type { Patch } from '../pool/config-file.js'
import type { ContainerFile } from '../schema/container.js'
import { mountInput, mountpoint, type MountFile, type MountInput } from '../schema/dataset.js'
import { parse } from '../schema/parse.js'
import { settleDatasets } from '../dataset/datasets.js'
import { datasetsOf } from '../dataset/storage.js'
import { datasetMounts, isOf, mountEntry, type DatasetMount } from './dataset-mounts.js'
import { mountLive, unmountLive } from './live-mounts.js'

export type { DatasetMount } from './dataset-mounts.js'

/**
 * ```ts
 * await ct.datasets.create('data', { mountpoint: null })
 * await ct.mounts.add({ dataset: 'data', mountpoint: '/srv/data' })
 * ```
 */
export class Mounts {
  readonly #record: ContainerRecord

  /** @internal */
  constructor(record: ContainerRecord) {
    this.#record = record
  }

  /** In the order in which they are mounted. */
  list(): readonly DatasetMount[] {
    this.#record.assertPresent()
    return datasetMounts(this.#record.config)
  }

  /**
   * After those that there are.
   *
   * @throws NotFoundError without such a dataset; InUseError for one that is delegated; ExistsError for a
   *   mountpoint that has one
   */
  async add(mount: MountInput, options: OperationOptions = {}): Promise<void> {
    const record = this.#record
    const { dataset, mountpoint: at, readonly } = parse(mountInput, mount, 'mounts.add')
    const storage = datasetsOf(record)
    using op = await record.begin('mount-add', options)
    await settleDatasets(op, record)
    const all = await storage.list(record.home)
    assertNotDelegated(record, dataset)
    if (!all.some(({ name }) => name === dataset)) throw new NotFoundError('dataset', dataset)
    assertFree(record.config, at)
    op.signal?.throwIfAborted()
    using _settings = await record.lockSettings(op)
    await changeMounts(record, (before) => [...before, mountEntry(dataset, at, readonly)])
  }

  /** @throws NotFoundError when nothing is mounted there */
  async remove(at: string, options: OperationOptions = {}): Promise<void> {
    const record = this.#record
    const wanted = parse(mountpoint, at, 'mounts.remove')
    checkOptions(options, 'mounts.remove')
    using op = await record.begin('mount-remove', options)
    await settleDatasets(op, record)
    if (!this.list().some((mount) => mount.mountpoint === wanted)) {
      throw new NotFoundError('mount', wanted)
    }
    using _settings = await record.lockSettings(op)
    await changeMounts(record, (before) =>
      before.filter((one) => one.dataset == null || one.mountpoint !== wanted),
    )
  }
}

/** @throws InUseError for one that the container has in its own hands, or that is below such a one */
export function assertNotDelegated({ config, name }: ContainerRecord, dataset: string): void {
  const delegated = config.vpsadminos.delegated ?? []
  if (delegated.some((one) => isOf({ dataset }, one)))
    throw new InUseError('dataset', dataset, [`${name}, which it is delegated to`])
}

/** @throws ExistsError */
export function assertFree(config: ContainerFile, mountpoint: string): void {
  if ((config.mounts ?? []).some((mount) => mount.mountpoint === mountpoint)) {
    throw new ExistsError('mount', mountpoint)
  }
}

/**
 * For who has the settings' lock. A running container has it at once, and keeps what it has where that fails.
 *
 * @param more what else of the file changes at the same moment
 */
export async function changeMounts(
  record: ContainerRecord,
  change: (before: readonly MountFile[]) => readonly MountFile[],
  more: Patch = {},
): Promise<void> {
  const before = record.config
  const write = async (): Promise<Patch> => {
    const { back, value } = await record.file.exchange({
      mounts: change(before.mounts ?? []),
      ...more,
    })
    record.config = value
    return back
  }
  if (record.live) await changeLive(record, before, write)
  else await write()
  const isSame = isDeepStrictEqual(before.mounts ?? [], record.config.mounts ?? [])
  if (!isSame) record.changed(['mounts'])
}

/** @param write the file; answers what takes that back */
async function changeLive(
  record: ContainerRecord,
  before: ContainerFile,
  write: () => Promise<Patch>,
): Promise<void> {
  await whileChanging(record, [], async (undone) => {
    const back = await write()
    try {
      await tellNextRun(record)
      await remount(record, before)
      await renewDevice(record, before)
      record.pending.changedMounts(before, record.config)
    } catch (error) {
      record.config = await record.file.update(back)
      await tellNextRun(record)
      await undone()
      throw error
    }
  })
}

async function renewDevice(record: ContainerRecord, before: ContainerFile): Promise<void> {
  const wanted = isDelegatedTo(record.config)
  if (wanted !== isDelegatedTo(before)) await setZfsDevice(record, wanted)
}

/**
 * Has the running container see what its file says instead of what that said before; or as before. What waits
 * already, as its process was cut off, waits for the next start.
 */
async function remount(record: ContainerRecord, before: ContainerFile): Promise<void> {
  const [then, now] = [record.subMounts(before), record.subMounts(record.config)]
  const added = now.filter((one) => !isIn(then)(one))
  const gone = then.filter((one) => !isIn(now)(one))
  const [taken, made]: [SubMount[], SubMount[]] = [[], []]
  try {
    for (const one of gone.toReversed()) {
      taken.unshift(one)
      await unmountLive(record, one, now.filter(isIn(then)))
    }
    for (const one of added) {
      await mountLive(record, one)
      made.push(one)
    }
  } catch (error) {
    for (const one of made.toReversed()) await unmountLive(record, one, then)
    for (const one of taken) await mountLive(record, one)
    throw error
  }
}
