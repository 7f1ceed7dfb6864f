// Several containers of one image at once. Each looks into the image, and ZFS does not let two mount the
// same dataset in the same moment.
import { Host } from 'vpsadminos'
import { DatasetMount } from '../../../dist/storage/zfs/dataset-mount.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const zpool = testPool(t)

await t.test('a dataset is mounted by many', async (t) => {
  zfs('create', '-o', 'canmount=noauto', `${zpool}/one`)
  for (let round = 0; round < 5; round++) {
    const mounts = await Promise.all(
      Array.from({ length: 8 }, () => DatasetMount.of(`${zpool}/one`, ['ro'])),
    )
    t.equal(new Set(mounts.map(({ path }) => path)).size, 8)
    await Promise.all(mounts.map((mount) => mount[Symbol.asyncDispose]()))
  }
  zfs('destroy', `${zpool}/one`)
  await t.rejects(DatasetMount.of(`${zpool}/one`), { code: 'ENOENT' })
})

await t.test('containers are made at once', async (t) => {
  await using host = await Host.temporary({ dataset: zpool })
  await importBusybox(t, host)
  const ids = ['a', 'b', 'c', 'd', 'e', 'f']
  await Promise.all(ids.map((id) => host.containers.create({ id, image: busybox })))
  t.same(
    host.containers
      .list()
      .map(({ id }) => id)
      .sort(),
    ids,
  )
})
