// Several containers of one image at once. Each looks into the image, and ZFS does not let two mount the
// same dataset in the same moment.
import { readdirSync } from 'node:fs'
import { Host } from 'vpsadminos'
import { DatasetMount } from '../../../dist/storage/zfs/dataset-mount.js'
import { SharedMounts } from '../../../dist/storage/zfs/shared-mounts.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { destroyTree, testPool, zfs } from '../../helpers/zpool.js'

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

await t.test('one that several have open is there until each has closed it', async (t) => {
  zfs('create', '-o', 'canmount=noauto', `${zpool}/shared`)
  const mounts = new SharedMounts(['ro'])
  const [one, other] = await Promise.all([
    mounts.open(`${zpool}/shared`),
    mounts.open(`${zpool}/shared`),
  ])
  t.equal(one.path, other.path)
  for (let time = 0; time < 2; time++) await one[Symbol.asyncDispose]()
  t.same(readdirSync(other.path), [])
  await other[Symbol.asyncDispose]()
  await destroyTree(`${zpool}/shared`)
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
