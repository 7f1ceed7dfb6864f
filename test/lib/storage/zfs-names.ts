// Datasets that are not there, and names for which ZFS has no room: of a snapshot with all that stands before
// it, 255 bytes.
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { destroyTree, testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const zpool = testPool(t)
const ROOM = 255
// That of a temporary host is 24 longer, and 120 is what a pool's may be.
const above = `${zpool}/${'x'.repeat(95 - zpool.length)}`
zfs('create', '-o', 'canmount=off', above)
const host = await temporaryHost(t, { dataset: above })
const pool = host.pools.get('tank')
const list = (name: string): string[] =>
  zfs('list', '-Ho', 'name', '-r', '-t', 'all', name).split('\n')

await t.test('names that are as long as they can be', async (t) => {
  const ct = await host.containers.create({ id: 'i'.repeat(64), image: busybox })
  const { dataset } = ct.show()
  const room = ROOM - dataset.length - 1
  await t.rejects(ct.snapshots.create('s'.repeat(room + 1)), { code: 'ENAMETOOLONG' })
  t.same(list(dataset), [dataset])
  const longest = 's'.repeat(room)
  await ct.snapshots.create(longest)
  t.equal(list(dataset)[1]?.length, ROOM)
  await ct.snapshots.rollback(longest)
  const shorter = 's'.repeat(room - 1)
  await ct.snapshots.create(shorter)
  const refused = { code: 'ERR_UNSUPPORTED', message: /too long for ZFS/ }
  await t.rejects(ct.snapshots.rollback(longest), refused, 'it would be put aside by a longer name')
  t.equal(list(dataset).length, 3, 'nothing has changed')
  await t.rejects(ct.rename('i'.repeat(65)), { code: 'ENAMETOOLONG' })
  t.match(ct.show(), { id: 'i'.repeat(64), dataset })
  await ct.start()
  const receipt = await ct.delete({ force: true })
  t.same(receipt.leftovers, [])
  const [entry] = (await pool.trash?.list()) ?? []
  t.equal(entry?.originalName, dataset)
  t.match(await pool.trash?.prune({ pauseMs: 0 }), { left: [] })
  t.same((await host.audit()).leftovers, [])
})

await t.test('a container whose dataset is gone', async (t) => {
  const ct = await host.containers.create({ id: 'one', image: busybox })
  const { dataset } = ct.show()
  await destroyTree(dataset)
  const named = new RegExp(dataset)
  await t.rejects(ct.start(), { message: named })
  t.match(ct.show(), { state: 'stopped' })
  await t.rejects(ct.snapshots.create('a'), { code: 'ENOENT', message: named })
  await t.rejects(ct.pull('/etc/hostname'), { message: named })
  t.same((await host.audit()).leftovers, [])
  t.same((await ct.delete()).leftovers, [])
  t.same(host.containers.list(), [])
})

await t.test('a pool whose dataset is not there', async (t) => {
  const dataset = `${above}/none`
  const options = { name: 'none', driver: 'zfs', dataset } as const
  await t.rejects(host.pools.import(options), {
    code: 'ERR_NOT_A_POOL',
    message: new RegExp(dataset),
  })
  await t.rejects(host.pools.install(options), {
    code: 'ERR_NOT_A_POOL',
    message: new RegExp(dataset),
  })
  t.equal(host.pools.find('none'), null)
})
