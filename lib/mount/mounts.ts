// Where a container sees its further datasets. A running one gets what is changed at its next start, or at the
// next reboot from inside.

import type { ContainerRecord } from '../container/record.js'
import { tellNextRun } from '../container/next-run.js'
import { forgetUnapplied, whileUnapplied } from '../container/unapplied.js'
import { ExistsError, NotFoundError } from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import type { Patch } from '../pool/config-file.js'
import type { ContainerFile } from '../schema/container.js'
import { mountInput, mountpoint, type MountFile, type MountInput } from '../schema/dataset.js'
import { parse } from '../schema/parse.js'
import { datasetsOf } from '../dataset/storage.js'
import { datasetMounts, mountEntry, type DatasetMount } from './dataset-mounts.js'

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
   * @throws NotFoundError without such a dataset; ExistsError for a mountpoint that has one
   */
  async add(mount: MountInput, options: OperationOptions = {}): Promise<void> {
    const record = this.#record
    const { dataset, mountpoint: at, readonly } = parse(mountInput, mount, 'mounts.add')
    const storage = datasetsOf(record)
    using op = await record.begin('mount-add', options)
    const all = await storage.list(record.home)
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
    if (!this.list().some((mount) => mount.mountpoint === wanted)) {
      throw new NotFoundError('mount', wanted)
    }
    using _settings = await record.lockSettings(op)
    await changeMounts(record, (before) =>
      before.filter((one) => one.dataset == null || one.mountpoint !== wanted),
    )
  }
}

/** @throws ExistsError */
export function assertFree(config: ContainerFile, mountpoint: string): void {
  if ((config.mounts ?? []).some((mount) => mount.mountpoint === mountpoint)) {
    throw new ExistsError('mount', mountpoint)
  }
}

/**
 * For who has the settings' lock.
 *
 * @param more what else of the file changes at the same moment
 */
export async function changeMounts(
  record: ContainerRecord,
  change: (before: readonly MountFile[]) => readonly MountFile[],
  more: Patch = {},
): Promise<void> {
  const mounts = change(record.config.mounts ?? [])
  const write = async (): Promise<void> => {
    record.config = await record.file.update({ mounts, ...more })
  }
  if (!record.live) return write()
  let written = false
  await whileUnapplied(record, async () => {
    await write()
    written = true
    await tellNextRun(record)
  }).catch(async (error: unknown) => {
    if (!written) await forgetUnapplied(record)
    throw error
  })
  await record.pending.note(record.pendingNote, record.run.initPid, record.config)
}
