// Datasets that come into a container's own hands, and out of them. A mark in its file tells the next import of
// one on its way: it is out of them then.

import { isOf, datasetMounts } from '../mount/dataset-mounts.js'
import { changeMounts } from '../mount/mounts.js'
import { unmountLive } from '../mount/live-mounts.js'
import { zfsDevice } from '../container/zfs-device.js'
import type { ContainerRecord } from '../container/record.js'
import { InUseError, InvalidArgumentError, UnsupportedError } from '../host/errors.js'
import type { Operation } from '../host/operation.js'
import type { Patch } from '../pool/config-file.js'
import {
  DEFAULT_FILESYSTEM_LIMIT,
  DEFAULT_SNAPSHOT_LIMIT,
  subdatasetName,
  type DelegationSettings,
} from '../schema/dataset.js'
import { done } from '../step.js'
import type { Owner } from '../storage/datasets.js'
import type { IdMap } from '../user/id-map.js'
import { datasetsOf } from './storage.js'

/** Whether it is one itself. */
export function isDelegated({ config }: ContainerRecord, name: string): boolean {
  return (config.vpsadminos.delegated ?? []).includes(name)
}

/** That it is below; null when it is below none. */
export function delegatedAbove({ config }: ContainerRecord, name: string): string | null {
  const { delegated = [] } = config.vpsadminos
  return delegated.find((one) => name !== one && isOf({ dataset: name }, one)) ?? null
}

/** Those that are or become delegated have limits, and no others. @throws InvalidArgumentError */
export function limitsOf(
  what: string,
  { filesystemLimit, snapshotLimit }: DelegationSettings,
  delegated: { readonly before: boolean; readonly after: boolean },
): Record<string, number> {
  if (!delegated.after) {
    if (filesystemLimit == null && snapshotLimit == null) return {}
    throw new InvalidArgumentError(what, 'limits of numbers are of a delegated dataset only')
  }
  const filesystems = filesystemLimit === null || !delegated.before
  const snapshots = snapshotLimit === null || !delegated.before
  const limits = {
    filesystemLimit: filesystemLimit ?? (filesystems ? DEFAULT_FILESYSTEM_LIMIT : undefined),
    snapshotLimit: snapshotLimit ?? (snapshots ? DEFAULT_SNAPSHOT_LIMIT : undefined),
  }
  const given = Object.entries(limits).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Record<string, number>
}

/** What its file says when this one is in its hands, too: what is below it is in them with it. */
export function withDelegated({ config }: ContainerRecord, name: string): string[] {
  const { delegated = [] } = config.vpsadminos
  return [...delegated.filter((one) => !isOf({ dataset: one }, name)), name]
}

/** The same when this one, and what is below it, is not. */
export function withoutDelegated({ config }: ContainerRecord, name: string): string[] | undefined {
  const { delegated = [] } = config.vpsadminos
  const left = delegated.filter((one) => !isOf({ dataset: one }, name))
  return left.length > 0 ? left : undefined
}

/** Who is root in it, as the host has it. */
export function rootOf({ user: { uidMap, gidMap } }: ContainerRecord): Owner {
  const hostId = (map: IdMap) => map.find(({ nsId }) => nsId === 0)?.hostId
  const [uid, gid] = [hostId(uidMap), hostId(gidMap)]
  if (uid !== undefined && gid !== undefined) return { uid, gid }
  throw new UnsupportedError('a dataset in its hands', 'nobody is root in the container')
}

/** For one that is there. @throws InUseError while we mount it or what is below it; UnsupportedError */
export async function delegate(
  op: Operation,
  record: ContainerRecord,
  name: string,
  limits: Readonly<Record<string, number>>,
): Promise<void> {
  zfsDevice()
  const mounts = datasetMounts(record.config).filter((mount) => isOf(mount, name))
  if (mounts.length > 0) {
    const where = mounts.map((mount) => `a mount at ${mount.mountpoint}`)
    throw new InUseError('dataset', name, where)
  }
  op.signal?.throwIfAborted()
  using _settings = await record.lockSettings(op)
  record.config = await record.file.update({ vpsadminos: { undelegating: name } })
  try {
    done('delegate.marked', op.signal)
    const storage = datasetsOf(record)
    await storage.set(record.home, name, limits)
    await storage.delegate(record.home, name, rootOf(record))
    done('delegate.zoned', op.signal)
    op.goOn()
    await changeMounts(record, same, given(withDelegated(record, name)))
  } catch (error) {
    await finishUndelegating(record)
    throw error
  }
  done('delegate.given')
}

/** @throws InUseError while the container has datasets below it whose names are not such as we give */
export async function undelegate(
  op: Operation,
  record: ContainerRecord,
  name: string,
): Promise<void> {
  const storage = datasetsOf(record)
  using _settings = await record.lockSettings(op)
  const { delegated } = record.config.vpsadminos
  await changeMounts(record, same, {
    vpsadminos: { delegated: withoutDelegated(record, name), undelegating: name },
  })
  done('undelegate.taken')
  op.goOn()
  // Now it makes no more of them.
  const theirs = await storage.theirs(record.home, name)
  const odd = theirs.filter((one) => !subdatasetName.safeParse(relative(record, one)).success)
  if (odd.length > 0) {
    await changeMounts(record, same, given(delegated))
    throw new InUseError('dataset', name, odd)
  }
  await unmountTheirs(record, name)
  await finishUndelegating(record)
}

/** What a running container has mounted of it, where that is seen from its init. */
export async function unmountTheirs(record: ContainerRecord, name: string): Promise<void> {
  if (!record.run.alive) return
  const storage = datasetsOf(record)
  const theirs = await storage.theirs(record.home, name)
  for (const dataset of [storage.nameOf(record.home, name), ...theirs].reverse()) {
    await unmountLive(record, { dataset, at: `/${name}`, readonly: false })
  }
}

export async function finishUndelegating(record: ContainerRecord): Promise<void> {
  const { undelegating: name } = record.config.vpsadminos
  if (name === undefined) return
  await datasetsOf(record).undelegate(record.home, name)
  done('undelegate.unzoned')
  record.config = await record.file.update({ vpsadminos: { undelegating: undefined } })
  done('undelegate.unmarked')
}

function given(delegated: readonly string[] | undefined): Patch {
  return { vpsadminos: { delegated, undelegating: undefined } }
}

const same = <T>(before: T): T => before

function relative({ home }: ContainerRecord, dataset: string): string {
  return dataset.slice(home.length + 1)
}
