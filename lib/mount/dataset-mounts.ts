// Where a container sees its further datasets, as its file says. A mount names a dataset by what it is called
// below the container's own, so that both can be renamed.

import { posix } from 'node:path'
import type { ContainerFile } from '../schema/container.js'
import type { MountFile } from '../schema/dataset.js'

export interface DatasetMount {
  /** Relative to the container's own. */
  readonly dataset: string
  /** Absolute, in the container. */
  readonly mountpoint: string
  readonly readonly: boolean
  /** Whether a start mounts it. */
  readonly automount: boolean
}

/** In the order in which they are mounted. */
export function datasetMounts({ mounts }: ContainerFile): DatasetMount[] {
  return (mounts ?? []).flatMap(({ dataset, mountpoint, opts, automount }) => {
    if (typeof dataset !== 'string' || dataset === '' || dataset === '/') return []
    return {
      dataset,
      mountpoint: posix.normalize(`/${mountpoint}`),
      readonly: (opts ?? '').split(',').includes('ro'),
      automount: automount ?? true,
    }
  })
}

/** Those that a start mounts. */
export function automaticMounts(file: ContainerFile): DatasetMount[] {
  return datasetMounts(file).filter(({ automount }) => automount)
}

export function mountEntry(dataset: string, mountpoint: string, readonly: boolean): MountFile {
  const opts = `bind,create=dir,${readonly ? 'ro' : 'rw'}`
  return { fs: null, dataset, mountpoint, type: 'bind', opts, automount: true }
}

/** Whether it is of this dataset, or of one that is below it. */
export function isOf(mount: { readonly dataset?: string | null | undefined }, name: string) {
  return mount.dataset === name || (mount.dataset ?? '').startsWith(`${name}/`)
}
