// The trash of pools as people use it: what they put there themselves, and its end before its time.

import { z } from 'zod'
import type { HostContext } from '../host/context.js'
import { timeoutOf } from '../host/deadline.js'
import {
  InUseError,
  InvalidArgumentError,
  NotFoundError,
  PoolReadOnlyError,
} from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { onlyKeys, parse } from '../schema/parse.js'
import { bootHome } from '../storage/boot-home.js'
import { ACTIVE, DATASETS } from '../storage/zfs/names.js'
import type { PruneOptions, PruneReport, Trash } from '../storage/zfs/trash.js'
import { setProperties } from '../zfs/datasets.js'
import { holdersOf } from '../zfs/holders.js'
import { listDatasets } from '../zfs/list.js'
import { touches } from '../zfs/names.js'
import { isZfsError } from '../zfs/zfs-error.js'
import { Undo } from '../undo.js'
import type { Pool } from './pool.js'
import { brokenIn } from './strangers.js'

const WHAT = 'trashDataset'

/** One that is below another one: whatever ZFS takes. */
const datasetBelow = z
  .string()
  .max(255, 'must be at most 255 characters')
  .regex(/^[a-zA-Z][a-zA-Z0-9_.: -]*(\/[a-zA-Z0-9_.: -]+)+$/, 'must be like "tank/sub"')

/**
 * @returns what the dataset is called in the trash
 * @throws InvalidArgumentError for what is in no pool, or is the pool's own; InUseError naming the containers that it
 *   is of, or where it is mounted; NotFoundError
 */
export async function trashDataset(
  host: HostContext,
  dataset: string,
  options: OperationOptions = {},
): Promise<string> {
  const name = parse(datasetBelow, dataset, `${WHAT}.dataset`)
  checkOptions(options, WHAT)
  const [pool, trash] = poolOf(host, name)
  const [top, id] = name.slice(trash.pool.length + 1).split('/')
  // A container of that name may be about to be made.
  const subject =
    top === 'ct' && id !== undefined
      ? pool.claim('container', id.replace(/^\.(.*)\.(fresh|boot)$/, '$1'))
      : pool.claim('settings', 'trash')
  using op = await pool.begin(WHAT, subject, options)
  assertFree(host, name)
  const found = await treeOf(name)
  const holders = await holdersOf(name)
  if (holders.length > 0) {
    const users = holders.map(({ path, program, pid }) => `${path} (${program}, ${pid})`)
    throw new InUseError('dataset', name, users)
  }
  op.signal?.throwIfAborted()
  op.goOn()
  await using undo = new Undo()
  // Whoever says `zfs mount -a` would have it mounted there.
  for (const one of found) {
    await setProperties(one, { canmount: 'noauto' })
    undo.add(() => setProperties(one, { canmount: 'on' }))
  }
  const trashed = await trash.put(name)
  if (trashed === null) throw new NotFoundError('dataset', name)
  undo.commit()
  return trashed
}

function poolOf(host: HostContext, name: string): [Pool, Trash] {
  const [pool] = [...host.pools.values()]
    .filter(({ driver }) => name.startsWith(`${String(driver.dataset)}/`))
    // One pool may be in a dataset of another one.
    .sort((a, b) => String(b.driver.dataset).length - String(a.driver.dataset).length)
  const trash = pool?.driver.trash
  if (pool === undefined || trash == null)
    throw new InvalidArgumentError(`${WHAT}.dataset`, `'${name}' is in no pool that is imported`)
  if (pool.lock === null) throw new PoolReadOnlyError(pool.layout.root)
  return [pool, trash]
}

/** @throws InvalidArgumentError, InUseError */
function assertFree(host: HostContext, name: string): void {
  const refuse = (why: string) => new InvalidArgumentError(`${WHAT}.dataset`, why)
  for (const pool of host.pools.values()) {
    const { dataset } = pool.driver
    if (dataset === null || !touches(name, dataset)) continue
    const users = [...pool.containers.values()]
      .filter(({ record: { home } }) =>
        [home, pool.driver.replacement.beside(home), bootHome(home)].some((one) =>
          touches(name, one),
        ),
      )
      .map(({ id }) => `container ${pool.name}:${id}`)
    if (users.length > 0) throw new InUseError('dataset', name, users)
    if (!name.startsWith(`${dataset}/`)) throw refuse(`'${name}' has pool ${pool.name} in it`)
    const [top = '', id] = name.slice(dataset.length + 1).split('/')
    const own = (DATASETS as readonly string[]).includes(top)
    if (own && (top !== 'ct' || id === undefined))
      throw refuse(`'${dataset}/${top}' is pool ${pool.name}'s own`)
    // What cannot be read says nothing of its datasets, which may be anywhere in the pool.
    const broken = brokenIn(pool)
    if (broken.length > 0) throw new InUseError('dataset', name, broken)
  }
}

/** Those of it that are mounted by themselves. @throws NotFoundError; InvalidArgumentError for a pool */
async function treeOf(name: string): Promise<string[]> {
  try {
    const found = await listDatasets(name, { properties: ['canmount', ACTIVE] })
    const pool = found.find(({ properties }) => {
      const { value, source } = properties[ACTIVE] ?? {}
      return value === 'yes' && (source === 'local' || source === 'received')
    })
    if (pool !== undefined)
      throw new InvalidArgumentError(`${WHAT}.dataset`, `'${pool.name}' is a pool`)
    return found
      .filter(({ properties }) => properties['canmount']?.value === 'on')
      .map((one) => one.name)
  } catch (error) {
    if (!isZfsError(error, 'ENOENT')) throw error
    throw new NotFoundError('dataset', name)
  }
}

/** On a pool in a directory: what a removal that failed has left. */
export async function pruneTrash(pool: Pool, options: PruneOptions = {}): Promise<PruneReport> {
  onlyKeys(options, ['pauseMs', 'onProgress', 'signal'], 'pruneTrash')
  timeoutOf(options.pauseMs, 0, 'pruneTrash.pauseMs')
  pool.assertActive()
  if (pool.lock === null) throw new PoolReadOnlyError(pool.layout.root)
  const { signal } = options
  const ending = signal === undefined ? pool.released : AbortSignal.any([signal, pool.released])
  const { driver } = pool
  if (driver.trash !== null) return await driver.trash.prune({ ...options, signal: ending })
  ending.throwIfAborted()
  const doomed = async () => (await driver.unfinished()).map(({ what }) => what)
  const before = await doomed()
  const left = await driver.sweep()
  const after = await doomed()
  return { destroyed: before.filter((one) => !after.includes(one)), left }
}
