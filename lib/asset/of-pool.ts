// What a pool is made of, and what its id-ranges, users and groups are.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DIRECTORIES } from '../pool/layout.js'
import type { Pool } from '../pool/pool.js'
import { quoted } from '../quoted.js'
import { DATASETS } from '../storage/zfs/names.js'
import { listDatasets } from '../zfs/list.js'
import { asset, assetsAt, type Asset } from './asset.js'

/** @throws PoolSuspendedError */
export async function assetsOfPool(pool: Pool): Promise<readonly Asset[]> {
  pool.driver.assertWorking()
  const { root, marker } = pool.layout
  const directories = DIRECTORIES.map(([name, mode]) => ({
    type: 'directory' as const,
    path: join(root, name),
    purpose: 'a part of the pool',
    mode,
  }))
  const all = await Promise.all([
    assetsAt([
      // Others than root could look into the rootfs of guests, whose setuid files are real.
      {
        type: 'directory',
        path: root,
        purpose: 'the pool',
        mode: pool.driver.dataset === null ? 0o700 : 0o755,
      },
      { type: 'file', path: join(root, marker), purpose: 'says which pool it is', mode: 0o400 },
      { type: 'file', path: pool.layout.poolFile(), purpose: 'its configuration', mode: 0o400 },
      {
        type: 'file',
        path: pool.layout.history(),
        purpose: 'its history',
        mode: 0o400,
        optional: true,
      },
      ...directories,
    ]),
    datasetsOf(pool),
  ])
  const broken = pool.broken.map(({ path, reason }) =>
    asset({ type: 'file', path, purpose: 'a configuration that cannot be used' }, [reason]),
  )
  return Object.freeze([...all.flat(), ...broken])
}

async function datasetsOf({ driver }: Pool): Promise<Asset[]> {
  if (driver.dataset === null) return []
  const found = await listDatasets(driver.dataset, { depth: 1 })
  const names = new Set(found.map(({ name }) => name))
  return ['', ...DATASETS.map((name) => `/${name}`)].map((part) => {
    const path = `${driver.dataset}${part}`
    const missing = names.has(path) ? [] : ['it does not exist']
    return asset({ type: 'dataset', path, purpose: 'a part of the pool' }, missing)
  })
}

/** Of an id-range or a user. */
export async function assetsOfFile(
  pool: Pool,
  kind: 'id-range' | 'user',
  name: string,
): Promise<readonly Asset[]> {
  pool.driver.assertWorking()
  const path = pool.layout.confFile(kind, name)
  const files = await assetsAt([{ type: 'file', path, purpose: 'its configuration', mode: 0o400 }])
  const conflict = kind === 'user' ? (pool.users.get(name)?.conflict ?? null) : null
  if (conflict === null) return Object.freeze(files)
  return Object.freeze(files.map((file) => asset(file, [...file.errors, conflict], file.mend)))
}

export async function assetsOfGroup(
  pool: Pool,
  path: string,
  cgroup: { readonly path: string; readonly needed: boolean },
): Promise<readonly Asset[]> {
  pool.driver.assertWorking()
  const file = pool.layout.groupFile(path)
  const files = await assetsAt([
    { type: 'directory', path: dirname(file), purpose: 'its configuration', mode: 0o500 },
    { type: 'file', path: file, purpose: 'its configuration', mode: 0o400 },
  ])
  const cgroups = pool.host.cgroups.hierarchies.flatMap(({ mountpoint }) => {
    const at = join(mountpoint, cgroup.path)
    const there = existsSync(at)
    if (!there && !cgroup.needed) return []
    const missing = there ? [] : ['it does not exist']
    const mend = there ? null : `mkdir -p ${quoted(at)}`
    return asset({ type: 'cgroup', path: at, purpose: 'its limits' }, missing, mend)
  })
  return Object.freeze([...files, ...cgroups])
}
