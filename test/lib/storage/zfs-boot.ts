// A run from an image on ZFS: its root is a dataset with the limits of the container's own, or others, and goes
// into the trash; the container's datasets are seen in it, and snapshots are of these.
import { temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const { dataset = '' } = host.pools.get('tank').show()
const get = (name: string, property: string): string =>
  zfs('get', '-Ho', 'value', property, `${dataset}/${name}`)

const ct = await host.containers.create({ id: 'web1', image: { distribution: 'busybox' } })
await ct.datasets.create('data', { mountpoint: '/srv/data' })
await ct.datasets.set('/', { refquota: '1 GiB', refreservation: '1 MiB', compression: 'zstd' })
await ct.push('/root/file', 'own\n')

await t.test('its dataset', async (t) => {
  await ct.boot({ mountRoot: '/mnt', dataset: { refquota: '512 MiB' } })
  t.match(ct.show().booted, { dataset: `${dataset}/ct/.web1.boot` })
  t.match(get('ct/.web1.boot', 'origin'), /repository\/images\/busybox-1-.*@image$/)
  t.equal(get('ct/.web1.boot', 'refquota'), '512M')
  t.equal(get('ct/.web1.boot', 'compression'), 'zstd')
  t.equal(get('ct/.web1.boot', 'refreservation'), 'none')
  const write = 'cat /mnt/root/file; echo new >/mnt/root/file; echo new >/srv/data/file'
  t.equal((await ct.exec(['sh', '-c', write])).stdout, 'own\n')
  t.same((await host.audit()).leftovers, [])
})

await t.test('snapshots and datasets meanwhile are those of the container', async (t) => {
  await ct.snapshots.create('meanwhile')
  t.match(await ct.snapshots.list(), [{ name: 'meanwhile' }])
  await t.rejects(ct.snapshots.rollback('meanwhile'), { code: 'ERR_STATE' })
  await ct.mounts.add({ dataset: 'data', mountpoint: '/srv/again' })
  t.equal((await ct.exec(['cat', '/srv/again/file'])).stdout, 'new\n')
  await ct.mounts.remove('/srv/again')
  await ct.exec(['sh', '-c', 'echo newer >/mnt/root/file'])
})

await t.test('what is left of it is in the trash', async (t) => {
  await ct.kill()
  t.equal(
    zfs('list', '-Ho', 'name', '-d', '1', `${dataset}/ct`),
    `${dataset}/ct\n${dataset}/ct/web1`,
  )
  const trash = (await host.pools.get('tank').trash?.list()) ?? []
  t.match(
    trash.map(({ originalName }) => originalName),
    [`${dataset}/ct/.web1.boot`],
  )
  t.match(await host.pools.get('tank').trash?.prune({ pauseMs: 0 }), { left: [] })
  await ct.snapshots.rollback('meanwhile')
  await ct.start()
  t.equal((await ct.exec(['cat', '/root/file', '/srv/data/file'])).stdout, 'new\nnew\n')
  await ct.kill()
})

await t.test('what ZFS does not take is refused', async (t) => {
  const wrong = ct.boot({ dataset: { compression: 'paper' } })
  await t.rejects(wrong, { code: 'ERR_INVALID_ARGUMENT' })
  t.equal(ct.show().state, 'stopped')
  t.same((await host.audit()).leftovers, [])
  await ct.start()
  await ct.kill()
})
