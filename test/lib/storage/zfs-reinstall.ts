// Another rootfs on ZFS: the datasets below the first one and what was set for it stay, and it goes into the
// trash.
import { startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const { dataset = '' } = host.pools.get('tank').show()

const below = (name: string, types = 'filesystem'): string[] =>
  zfs('list', '-Ho', 'name', '-t', types, '-r', `${dataset}/${name}`)
    .split('\n')
    .map((line) => line.slice(`${dataset}/`.length))
const get = (name: string, property: string): string =>
  zfs('get', '-Ho', 'value', property, `${dataset}/${name}`)

await t.test('what stays, and what goes', async (t) => {
  const ct = await startedContainer(host, { id: 'web1' })
  await ct.exec(['sh', '-c', 'echo old >/root/file'])
  await ct.kill()
  zfs('create', '-o', 'canmount=noauto', `${dataset}/ct/web1/data`)
  zfs('create', '-o', 'canmount=noauto', `${dataset}/ct/web1/data/more`)
  const first = get('ct/web1', 'guid')
  zfs('set', 'org.example:mine=yes', 'refquota=1G', `${dataset}/ct/web1`)
  for (const name of ['one', 'two']) await ct.snapshots.create(name)
  await ct.snapshots.rollback('one')
  zfs('snapshot', `${dataset}/ct/web1/data@mine`)
  const guid = get('ct/web1/data', 'guid')
  await t.rejects(ct.reinstall(), {
    code: 'ERR_IN_USE',
    users: ['snapshot one', 'snapshot two'],
  })
  await ct.reinstall({ removeSnapshots: true })
  t.same(below('ct'), ['ct', 'ct/web1', 'ct/web1/data', 'ct/web1/data/more'])
  t.not(get('ct/web1', 'guid'), first)
  t.equal(get('ct/web1/data', 'guid'), guid)
  t.equal(get('ct/web1', 'org.example:mine'), 'yes')
  t.equal(get('ct/web1', 'refquota'), '1G')
  t.match(get('ct/web1', 'origin'), /repository\/images\/busybox-1-.*@image$/)
  const trash = (await host.pools.get('tank').trash?.list()) ?? []
  t.match(trash.map(({ originalName }) => originalName?.replace(/-\d+$/, '')).sort(), [
    `${dataset}/ct/.web1.fresh/data/.newer`,
    `${dataset}/ct/.web1.fresh/data/more/.newer`,
    `${dataset}/ct/web1`,
  ])
  await host.pools.get('tank').trash?.prune({ pauseMs: 0 })
  t.same(below('ct', 'snapshot'), ['ct/web1/data@mine'])
  await ct.start()
  t.equal((await ct.exec(['ls', '-A', '/root'])).stdout, '')
  await ct.kill()
  await ct.snapshots.create('one')
  t.same((await host.audit()).leftovers, [])
})
