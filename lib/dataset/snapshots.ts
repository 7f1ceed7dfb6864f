// Snapshots of a container, by name.

import type { ContainerRecord } from '../container/record.js'
import {
  ExistsError,
  InUseError,
  InvalidArgumentError,
  NotFoundError,
  UnsupportedError,
} from '../host/errors.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import { poolError } from '../pool/write-file.js'
import { parse } from '../schema/parse.js'
import { snapshotName } from '../schema/names.js'
import { done } from '../step.js'
import type { SnapshotEntry, SnapshotStorage } from '../storage/snapshots.js'
import { isZfsError } from '../zfs/zfs-error.js'

export type { SnapshotEntry } from '../storage/snapshots.js'

/**
 * ```ts
 * await ct.snapshots.create('before-upgrade')
 * await ct.stop()
 * await ct.snapshots.rollback('before-upgrade')
 * ```
 */
export class Snapshots {
  readonly #record: ContainerRecord

  /** @internal */
  constructor(record: ContainerRecord) {
    this.#record = record
  }

  /**
   * Of all its datasets in the same moment. It may run.
   *
   * @throws ExistsError, PoolFullError, UnsupportedError for a pool in a directory
   */
  async create(name: string, options: OperationOptions = {}): Promise<void> {
    await snapshotTogether([this.#record], name, options)
  }

  /** The oldest first. */
  async list(options: OperationOptions = {}): Promise<readonly SnapshotEntry[]> {
    checkOptions(options, 'snapshots')
    this.#record.assertPresent()
    this.#record.pool.driver.assertWorking()
    return await storageOf(this.#record).list(this.#record.home)
  }

  /** @throws NotFoundError; InUseError while something was cloned from it */
  async delete(name: string, options: OperationOptions = {}): Promise<void> {
    const record = this.#record
    const wanted = parse(snapshotName, name, 'snapshot')
    const storage = storageOf(record)
    using _op = await record.begin('snapshot-delete', options)
    await assertThere(record, wanted)
    try {
      await storage.delete(record.home, wanted)
    } catch (error) {
      if (!isZfsError(error, 'EEXIST', 'EBUSY')) throw error
      throw new InUseError('snapshot', wanted, [
        error.code === 'EBUSY' ? 'somebody who holds it' : 'what was cloned from it',
      ])
    }
  }

  /**
   * Makes the container's datasets as they were. What has changed since the newest snapshot is lost; snapshots
   * that are newer than this one stay, with what they hold, and one can go forward to them again. A dataset
   * that was not there then stays as it is. Its settings do not change.
   *
   * @throws StateError unless it is stopped
   * @throws NotFoundError; PoolFullError when more was in it than its quota is now
   */
  async rollback(name: string, options: OperationOptions = {}): Promise<void> {
    const record = this.#record
    const wanted = parse(snapshotName, name, 'snapshot')
    storageOf(record)
    using op = await record.begin('rollback', options)
    record.assertStopped('rollback')
    await assertThere(record, wanted)
    await storageOf(record).assertFits(record.home, wanted)
    using _settings = await record.lockSettings(op)
    using _rootfs = await record.lockRootfs(op)
    record.config = await record.file.update({ vpsadminos: { rolling_back: wanted } })
    done('rollback.marked')
    op.goOn()
    await finishRollback(record)
  }
}

/** Goes on with one that was begun. */
export async function finishRollback(record: ContainerRecord): Promise<void> {
  const { rolling_back: name } = record.config.vpsadminos
  if (name === undefined) return
  await storageOf(record).rollback(record.home, name)
  done('rollback.done')
  record.config = await record.file.update({ vpsadminos: { rolling_back: undefined } })
  done('rollback.unmarked')
}

/** Of all of them in the same moment. */
export async function snapshotTogether(
  records: readonly ContainerRecord[],
  name: string,
  options: OperationOptions,
): Promise<void> {
  const wanted = parse(snapshotName, name, 'snapshot')
  checkOptions(options, 'snapshot')
  const [first] = records
  if (first === undefined) throw new InvalidArgumentError('snapshot', 'must be of a container')
  if (records.some(({ pool }) => pool !== first.pool)) {
    throw new InvalidArgumentError('snapshot', 'must be of containers of one pool')
  }
  const storage = storageOf(first)
  const { pool } = first
  const others = [...new Set(records)].filter((record) => record !== first)
  using op = await beginTogether(first, others, options)
  op.signal?.throwIfAborted()
  try {
    await storage.create(
      [first, ...others].map(({ home }) => home),
      wanted,
    )
  } catch (error) {
    if (!isZfsError(error, 'EEXIST')) throw poolError(error, first.home)
    throw new ExistsError('snapshot', `${pool.name}@${wanted}`)
  }
}

/** One operation on all of them: of several, who waits for their pool would keep out all but the first. */
async function beginTogether(
  first: ContainerRecord,
  others: readonly ContainerRecord[],
  options: OperationOptions,
): Promise<Operation> {
  for (;;) {
    const ids = others.map(({ id }) => id)
    const claims = ids.map((id) => first.pool.claim('container', id))
    const op = await first.begin('snapshot', options, [], claims)
    try {
      for (const other of others) {
        other.assertPresent()
        await other.imageRun.settled()
      }
      // While it waited, they may have got other names.
      if (others.every(({ id }, index) => id === ids[index])) return op
    } catch (error) {
      op[Symbol.dispose]()
      throw error
    }
    op[Symbol.dispose]()
  }
}

function storageOf({ pool }: ContainerRecord): SnapshotStorage {
  const { snapshots } = pool.driver
  if (snapshots !== null) return snapshots
  throw new UnsupportedError('a snapshot', `pool ${pool.name} is in a directory, not on ZFS`)
}

async function assertThere(record: ContainerRecord, name: string): Promise<void> {
  const found = await storageOf(record).list(record.home)
  if (!found.some((one) => one.name === name)) throw new NotFoundError('snapshot', name)
}
