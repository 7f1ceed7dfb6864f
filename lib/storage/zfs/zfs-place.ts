// A pool in a dataset of ZFS. That it is one says a property, as in vpsAdminOS; which one, the same file
// as in a directory.

import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import type { HostContext } from '../../host/context.js'
import { ExistsError, NotAPoolError, PoolUnsafeError, UnsupportedError } from '../../host/errors.js'
import type { Operation } from '../../host/operation.js'
import { whyNoIdmap } from '../../ns/idmap.js'
import { Mount, umount } from '../../ns/mount.js'
import { mountTable, type MountEntry } from '../../ns/mountinfo.js'
import { DIRECTORIES, PoolLayout } from '../../pool/layout.js'
import { assertDirectories } from '../../pool/open-file.js'
import { findMarker, writeMarker, type Marker } from '../../pool/marker.js'
import { checkVisible, writePoolFile } from '../../pool/root.js'
import { poolError, syncDirectory } from '../../pool/write-file.js'
import { poolPath, type zfsPoolOptions } from '../../schema/pool.js'
import { done } from '../../step.js'
import { Undo } from '../../undo.js'
import { call } from '../../zfs/call.js'
import { createDataset, inheritProperty, setProperties } from '../../zfs/datasets.js'
import { destroyTree } from '../../zfs/destroy-tree.js'
import { findDataset, listDatasets, type ListedDataset } from '../../zfs/list.js'
import { isWithin, zpoolOf } from '../../zfs/names.js'
import type { Durability, PoolPlace } from '../place.js'
import { ACTIVE, CONFINED_TO, DATASETS, IMAGES } from './names.js'
import { assertNotSuspended } from './suspended.js'
import { assertVersion } from './version.js'
import { ZfsDriver } from './zfs-driver.js'

/** What distributions expect of a filesystem; attributes with the file they are of, zfsprops(7). */
const FOR_GUESTS = { acltype: 'posix', xattr: 'sa' }

type ZfsPool = z.output<typeof zfsPoolOptions>

/** A zpool that is not imported, or has no such dataset, has no pool either. */
export async function isZfsAbsent(options: ZfsPool): Promise<boolean> {
  return (await activeDataset(options)) === null
}

/** @throws NotAPoolError, PoolUnsafeError, UnsupportedError, PoolFormatError */
export async function findZfsPlace(options: ZfsPool): Promise<PoolPlace> {
  assertVersion()
  const dataset = await activeDataset(options)
  if (dataset === null) {
    const name = options.dataset ?? options.name
    throw new NotAPoolError(
      name,
      `no dataset with ${ACTIVE}=yes; host.pools.install() makes it one`,
    )
  }
  const root = await usableRoot(dataset)
  const layout = new PoolLayout(root)
  return {
    root,
    mounts: mountsOf(root),
    marker: () => markerOf(layout),
    ensure: async () => {
      await ensureDatasets(dataset, root)
      await layout.ensure()
    },
    driver: () => new ZfsDriver(layout, dataset),
  }
}

async function markerOf(layout: PoolLayout, { durable }: Durability = { durable: true }) {
  const driver = 'zfs'
  const found = await findMarker(layout)
  const marker: Marker =
    found ?? (await writeMarker(layout, { driver, cloneMode: 'clone', durable }))
  if (marker.driver === driver) return marker
  throw new NotAPoolError(layout.root, `its driver is '${marker.driver}'`)
}

export async function installZfsPlace(
  op: Operation,
  host: HostContext,
  options: ZfsPool,
  durability: Durability,
): Promise<void> {
  assertVersion()
  if ((await activeDataset(options)) !== null) {
    throw new ExistsError('pool', options.dataset ?? options.name)
  }
  const { dataset = options.name } = options
  const root = await usableRoot(dataset)
  const layout = new PoolLayout(root)
  await using undo = new Undo()
  try {
    await checkVisible(host, root)
    await ensureDatasets(dataset, root, undo)
    for (const path of mountsOf(root)) await checkVisible(host, path)
    await layout.ensure()
    done('install.layout', op.signal)
    await writePoolFile(layout)
    done('install.config', op.signal)
    await markerOf(layout, durability)
    await syncDirectory(root)
    // Last: without it a half-made pool is none.
    const { marked, properties } = activation(options, dataset)
    await setProperties(marked, properties)
    undo.commit()
    done('install.marker')
  } catch (error) {
    throw poolError(error, root)
  }
}

/** Its datasets stay as they are. */
export async function uninstallZfsPlace(options: ZfsPool): Promise<void> {
  const dataset = await activeDataset(options)
  if (dataset === null) {
    throw new NotAPoolError(options.dataset ?? options.name, `no dataset with ${ACTIVE}=yes`)
  }
  const { marked, properties } = activation(options, dataset)
  // That it is one goes first, as it came last: where it is says nothing then.
  for (const property of Object.keys(properties).toReversed()) {
    await inheritProperty(marked, property)
  }
}

/** What says of which dataset that it is, or has, a pool. */
interface Activation {
  readonly marked: string
  readonly properties: Readonly<Record<string, string>>
}

// A pool with the zpool's own name is found as vpsAdminOS finds it: by the zpool's own dataset.
function activation({ name }: ZfsPool, dataset: string): Activation {
  const active = { [ACTIVE]: 'yes' }
  if (zpoolOf(dataset) !== name) return { marked: dataset, properties: active }
  const confined = dataset === name ? {} : { [CONFINED_TO]: dataset }
  return { marked: name, properties: { ...confined, ...active } }
}

async function activeDataset({ name, dataset }: ZfsPool): Promise<string | null> {
  const zpool = zpoolOf(dataset ?? name)
  assertNotSuspended(zpool)
  const whole = await look(zpool)
  if (whole === null) return null
  const confined = whole.properties[CONFINED_TO]?.value
  const own = typeof confined === 'string' ? confined : zpool
  if (isActive(whole) && (dataset === undefined || dataset === own)) {
    if (!isWithin(own, zpool)) {
      throw new NotAPoolError(zpool, `${CONFINED_TO} is '${own}', which is elsewhere`)
    }
    return own
  }
  if (dataset === undefined || dataset === zpool) return null
  const wanted = await look(dataset)
  if (wanted === null || !isActive(wanted)) return null
  return (await isZoned(dataset)) ? null : dataset
}

// What is inherited says nothing of a dataset itself.
function isActive({ properties }: ListedDataset): boolean {
  const active = properties[ACTIVE]
  return active?.value === 'yes' && active.source === 'local'
}

// What is said of one that is, or was, in a guest's hands may be the guest's words.
async function isZoned(dataset: string): Promise<boolean> {
  const [found] = await listDatasets(dataset, { depth: 0, properties: ['zoned'] })
  return found?.properties['zoned']?.value === 'on'
}

function look(dataset: string): Promise<ListedDataset | null> {
  return findDataset(dataset, [ACTIVE, CONFINED_TO])
}

/** Where it is mounted, once it is known that containers can be had there. */
async function usableRoot(dataset: string): Promise<string> {
  const root = whereMounted(dataset, await mountTable())
  if (root === null) {
    throw new NotAPoolError(dataset, `it does not exist or is not mounted: zfs mount ${dataset}`)
  }
  const wrong = poolPath.safeParse(root).error?.issues[0]
  if (wrong !== undefined) throw new NotAPoolError(root, `its mountpoint ${wrong.message}`)
  const { uid, mode } = await stat(root)
  if (uid !== 0) throw new PoolUnsafeError(root, `it belongs to uid ${uid}`)
  if ((mode & 0o022) !== 0) throw new PoolUnsafeError(root, 'others may write to it')
  const reason = await whyNoIdmap(root)
  if (reason !== null) throw new UnsupportedError(`mounting '${dataset}' with other ids`, reason)
  return root
}

function whereMounted(dataset: string, table: readonly MountEntry[]): string | null {
  const found = table.filter(
    ({ type, source, root }) => type === 'zfs' && source === dataset && root === '/',
  )
  return found.at(-1)?.path ?? null
}

function mountsOf(root: string): string[] {
  return [root, ...DATASETS.map((name) => join(root, name))]
}

/** Makes and mounts what is missing; where it was mounted elsewhere, its files are not where they should be. */
async function ensureDatasets(dataset: string, root: string, undo?: Undo): Promise<void> {
  const existing = new Set((await listDatasets(dataset, { depth: 1 })).map(({ name }) => name))
  const table = await mountTable()
  for (const name of DATASETS) {
    const wanted = `${dataset}/${name}`
    const path = join(root, name)
    if (!existing.has(wanted)) {
      await createDataset(wanted, name === 'ct' ? FOR_GUESTS : {})
      undo?.add(() => destroyTree(wanted))
    }
    const found = whereMounted(wanted, table)
    if (found === path) continue
    if (found !== null) throw new NotAPoolError(wanted, `it is mounted at ${found}, not ${path}`)
    await mountAt(wanted, path, name)
    undo?.add(() => call(`unmount ${wanted}`, () => umount(path), {}))
  }
  const images = `${dataset}/${IMAGES}`
  const there = await look(images)
  if (there === null) await createDataset(images, { ...FOR_GUESTS, canmount: 'off' })
}

async function mountAt(dataset: string, path: string, name: string): Promise<void> {
  await assertDirectories([path])
  const mode = DIRECTORIES.find(([directory]) => directory === name)?.[1]
  await mkdir(path, { mode }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  })
  await using mount = await Mount.create('zfs', { source: dataset })
  await mount.moveTo(path)
}
