// Puts a clone of a snapshot in the place of its dataset, which stays below it, with all that is newer. Each of
// the steps can be the last one before a crash; what there is says how far it has come:
//
//   `.web1.new`             a clone, which may have the snapshots already: it is given up
//   `.web1.new`, `.web1.old`  the dataset is out of the place: the clone takes it
//   `.web1.old`             the clone is in the place: it is given what was below, and `.web1.old` itself
//   `web1/.newer-*` with LIMITS  all is in its place: the clone is given the limits that the dataset had
//
// Before that, the clone has no limits: what is put below it would not fit in, or be reserved twice.

import { basename, dirname } from 'node:path'
import {
  cloneSnapshot,
  datasetExists,
  inheritProperty,
  promoteClone,
  renameDataset,
  setProperties,
} from '../../zfs/datasets.js'
import { destroyTree } from '../../zfs/destroy-tree.js'
import { listDatasets, type ListedDataset } from '../../zfs/list.js'
import { localProperties } from '../../zfs/local-properties.js'
import type { Properties } from '../../zfs/properties.js'
import { assertRoom, listShared } from './guest-datasets.js'
import { LIMITING, LIMITS, RESERVING } from './names.js'

const ASIDE = '.newer-'
/** What is added to the names of the dataset's own snapshots, and meanwhile to those of all below it. */
const ASIDE_ROOM = `/${ASIDE}1234567890123`.length
const BESIDE_ROOM = '..old'.length

/** Whether it is one that was put below the dataset that has taken its place. */
export function wasExchanged(dataset: string): boolean {
  return basename(dataset).startsWith(ASIDE)
}

/** What there is beside a dataset while its place is being taken: the clone, and the dataset itself. */
export function partners(dataset: string): { readonly fresh: string; readonly old: string } {
  const beside = `${dirname(dataset)}/.${basename(dataset)}`
  return { fresh: `${beside}.new`, old: `${beside}.old` }
}

/** @returns of which dataset it is a partner; null for others */
export function partnerOf(name: string): string | null {
  const [, of] = /^\.(.+)\.(?:new|old)$/.exec(basename(name)) ?? []
  return of === undefined ? null : `${dirname(name)}/${of}`
}

/** Also for names that a guest has given. @throws UnsupportedError */
export async function assertRoomToExchange(dataset: string): Promise<void> {
  for (const { name } of await listDatasets(dataset, { snapshots: true })) {
    const more = name.startsWith(`${dataset}@`) ? ASIDE_ROOM : BESIDE_ROOM
    assertRoom(name, more, `a rollback of '${dataset}'`)
  }
}

/** Cut off, {@link settle} brings it to its end, or takes it back. */
export async function exchange(dataset: string, snapshot: string): Promise<void> {
  const { fresh, old } = partners(dataset)
  const all = Object.entries(await localProperties(dataset)).filter(([name]) => name !== LIMITS)
  const isLimit = ([name]: readonly [string, unknown]) => LIMITING.some((one) => one === name)
  const others = Object.fromEntries(all.filter((one) => !isLimit(one)))
  const limits = Object.fromEntries(all.filter(isLimit).map(([name, value]) => [name, `${value}`]))
  await cloneSnapshot(snapshot, fresh, { ...others, canmount: 'noauto' })
  await promoteClone(fresh)
  await setProperties(dataset, { [LIMITS]: JSON.stringify(limits) })
  await renameDataset(dataset, old)
  await settle(dataset)
}

/** Datasets below whose exchange was cut off before all was in its place; in no guest's hands. */
export async function unsettledBelow(dataset: string, depth: number): Promise<string[]> {
  const { ours } = await listShared(dataset, { depth })
  return [...new Set(ours.flatMap(({ name }) => partnerOf(name) ?? []))]
}

/** Brings an exchange that was begun to its end, or takes it back; without one, nothing. */
export async function settle(dataset: string): Promise<void> {
  const { fresh, old } = partners(dataset)
  if (await datasetExists(old)) await finish(dataset)
  else if (await datasetExists(fresh)) await giveUp(dataset)
  await giveLimits(dataset)
}

async function finish(dataset: string): Promise<void> {
  const { fresh, old } = partners(dataset)
  if (await datasetExists(fresh)) await renameDataset(fresh, dataset)
  const [itself, ...below] = await listDatasets(old, { depth: 1, properties: [LIMITS] })
  for (const { name } of below) await renameDataset(name, `${dataset}/${basename(name)}`)
  const limits = limitsOf(itself)
  const reserved = RESERVING.filter((name) => name in limits)
  if (reserved.length > 0) {
    await setProperties(old, Object.fromEntries(reserved.map((name) => [name, 'none'])))
  }
  await renameDataset(old, `${dataset}/${ASIDE}${Date.now()}`)
}

// It may own the snapshots of the dataset already, or of one that was put aside before.
async function giveUp(dataset: string): Promise<void> {
  const { fresh } = partners(dataset)
  for (;;) {
    const all = await listDatasets(dataset, { depth: 1, properties: ['origin'] })
    const robbed = all.find(({ properties }) =>
      String(properties['origin']?.value ?? '').startsWith(`${fresh}@`),
    )
    if (robbed === undefined) break
    await promoteClone(robbed.name)
  }
  await destroyTree(fresh)
}

async function giveLimits(dataset: string): Promise<void> {
  const below = await listDatasets(dataset, { depth: 1, properties: [LIMITS] })
  for (const one of below.slice(1)) {
    if (!wasExchanged(one.name) || one.properties[LIMITS]?.source !== 'local') continue
    const limits = limitsOf(one)
    if (Object.keys(limits).length > 0) await setProperties(dataset, limits)
    await inheritProperty(one.name, LIMITS)
  }
}

/** Those that are what we write: the pool may come from anywhere. */
function limitsOf(one: ListedDataset | undefined): Properties {
  const said = one?.properties[LIMITS]
  if (typeof said?.value !== 'string' || said.source !== 'local') return {}
  let all: unknown
  try {
    all = JSON.parse(said.value)
  } catch {
    return {}
  }
  if (typeof all !== 'object' || all === null) return {}
  const entries = Object.entries(all).flatMap(([name, value]): [string, bigint][] => {
    const known = LIMITING.some((one) => one === name)
    return known && typeof value === 'string' && /^\d{1,20}$/.test(value)
      ? [[name, BigInt(value)]]
      : []
  })
  return Object.fromEntries(entries)
}
