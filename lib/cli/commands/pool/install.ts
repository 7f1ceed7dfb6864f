// osctl pool install

import { command } from '../../command.js'
import { UsageError } from '../../errors.js'

export default command({
  usage: 'POOL',
  summary: 'make a dataset or a directory a pool, and import it',
  options: {
    driver: { value: 'DRIVER', summary: '`zfs`, or `dir`; default: zfs unless there is a --path' },
    dataset: { value: 'DATASET', summary: 'on ZFS; default: the zpool of that name' },
    path: { value: 'DIRECTORY', summary: 'one that is empty, or not there yet' },
    'clone-mode': { value: 'MODE', summary: 'dir: how rootfs are made: overlay, reflink, copy' },
  },
  async run([name], { driver, dataset, path, 'clone-mode': cloneMode }, session) {
    const dir = driver === 'dir' || (driver === undefined && path !== undefined)
    if (dir && path === undefined) throw new UsageError('a pool in a directory needs its --path')
    if (dir && dataset !== undefined) throw new UsageError('--dataset is for a pool on ZFS')
    if (!dir && path !== undefined) throw new UsageError('--path is for a pool in a directory')
    if (!dir && cloneMode !== undefined) {
      throw new UsageError('--clone-mode is for a pool in a directory')
    }
    const body = dir
      ? { name, driver, path, cloneMode }
      : { name, driver: driver ?? 'zfs', dataset }
    await session.daemon.ask('POST /pools/install', { body })
  },
})
