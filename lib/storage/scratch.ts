// The pool of a temporary host: made before the host has it, and removed with everything in it.

import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { Mount, umount } from '../ns/mount.js'
import { mountTable } from '../ns/mountinfo.js'
import { removeTree } from '../ns/tree.js'
import type { poolOptions } from '../schema/pool.js'
import { call } from '../zfs/call.js'
import { createDataset } from '../zfs/datasets.js'
import { destroyTree } from '../zfs/destroy-tree.js'

export interface ScratchPool {
  readonly name: string
  /** Its directory, alone in one that goes with it. */
  readonly path: string
  /** Where it is one of ZFS: its dataset, which is mounted there. */
  readonly dataset?: string | undefined
}

/** Of what has just ended, a mount namespace may be there for a moment. */
const PATIENCE_MS = 5000

export function optionsOf({ name, path, dataset }: ScratchPool): z.output<typeof poolOptions> {
  return dataset === undefined ? { name, path } : { name, driver: 'zfs', dataset }
}

export async function makeScratch({ path, dataset }: ScratchPool): Promise<void> {
  await mkdir(dirname(path), { mode: 0o700 })
  if (dataset === undefined) return
  await createDataset(dataset, { mountpoint: path, canmount: 'noauto' })
  await mkdir(path, { mode: 0o700 })
  await using mount = await Mount.create('zfs', { source: dataset })
  await mount.moveTo(path)
}

/** Not existing is fine, also of a part. */
export async function removeScratch({ path, dataset }: ScratchPool): Promise<void> {
  if (dataset !== undefined) {
    const inside = (await mountTable()).filter(
      (entry) => entry.path === path || entry.path.startsWith(`${path}/`),
    )
    for (const { path: at } of inside.reverse()) {
      await call(`unmount ${at}`, () => umount(at, { detach: true }), {})
    }
    await destroyTree(dataset, { patienceMs: PATIENCE_MS })
  }
  await removeTree(dirname(path))
}
