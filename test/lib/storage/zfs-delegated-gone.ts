// What a guest has left in the datasets in its hands, by what was cut off or on purpose: neither what is done with the
// container waits for it, nor its end, nor that of others.
import { execFileSync } from 'node:child_process'
import { Host } from 'vpsadminos'
import { localProperties } from '../../../dist/zfs/local-properties.js'
import { all, installZfs, sh } from '../../helpers/guest-zfs.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'confining zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const dataset = `${above}/pool`
zfs('create', '-o', `mountpoint=/tmp/${above}`, dataset)
const options = lastingHost(t, dataset)
const host = await Host.open({ ...options, pools: [] })
t.teardown(() => host.close())
await host.pools.install(options.pools[0])
await importBusybox(t, host)

const ct = await host.containers.create({ id: 'web', image: busybox })
const other = await host.containers.create({ id: 'other', image: busybox })
await installZfs(ct)
await ct.datasets.create('own', { delegated: true, filesystemLimit: 20, snapshotLimit: 100 })
const own = `${dataset}/ct/web/own`
await ct.start()
await sh(ct, `zfs set mountpoint=/srv/own ${own} && zfs mount -a && zfs create ${own}/a`)
await sh(ct, 'head -c 300000 /dev/urandom >/srv/own/a/file && sync')
await sh(ct, `zfs snapshot ${own}/a@one && touch /srv/own/a/more && zfs snapshot ${own}/a@two`)

await t.test('a stream that has not come wholly', async (t) => {
  await sh(ct, `! zfs send ${own}/a@one | head -c 100000 | zfs receive -u -s ${own}/cut`)
  await host.containers.snapshot(['web', 'other'], 'during')
  const made = all(`${dataset}/ct`, 'snapshot').filter((name) => name.endsWith('@during'))
  t.ok(made.includes(`${own}/a@during`) && made.includes(`${dataset}/ct/other@during`))
  t.notOk(made.includes(`${own}/cut@during`), 'it can have none')
  t.same(await other.snapshots.list().then((found) => found.map(({ name }) => name)), ['during'])
  await sh(ct, `zfs list ${own}/cut`)
})

await t.test('a copy does without it', async (t) => {
  const copy = await host.containers.copy('web', 'copy', { user: 'web' })
  const theirs = own.replace('/web/', '/copy/')
  t.same(all(theirs), [theirs, `${theirs}/a`])
  t.notMatch(all(own, 'snapshot').join(' '), /osctl-copy/)
  await copy.delete({ force: true })
})

await t.test('one whose size is kept for it keeps nothing in the trash', async (t) => {
  await ct.datasets.create('large', { refreservation: 2 ** 26 })
  await sh(ct, `zfs create -V 16M ${own}/volume`)
  await ct.datasets.delete('large', { unmount: true })
  const reserved = zfs('list', '-rHpo', 'refreservation', `${dataset}/trash`).split('\n')
  t.same(new Set(reserved), new Set(['0']))
  await sh(ct, `zfs destroy ${own}/volume`)
})

await t.test('what has words that numbers stand for is copied', async (t) => {
  const settings = ['copies=2', 'compression=zstd-fast-30', 'recordsize=64K']
  for (const one of settings) zfs('set', one, `${dataset}/ct/other`)
  const copy = await host.containers.copy('other', 'copy')
  t.match(await localProperties(`${dataset}/ct/copy`), {
    compression: 'zstd-fast-30',
    recordsize: 65536n,
  })
  t.equal(zfs('get', '-Ho', 'value,source', 'copies', `${dataset}/ct/copy`), '2\tlocal')
  await copy.delete()
})

await t.test('a receive that was cut, a hold, and a clone below what it is of', async (t) => {
  await sh(ct, `zfs mount -a && zfs send ${own}/a@one | zfs receive -u ${own}/b`)
  await sh(ct, 'head -c 300000 /dev/urandom >/srv/own/a/more && sync')
  await sh(ct, `zfs snapshot ${own}/a@three`)
  await sh(ct, `! zfs send -i @one ${own}/a@three | head -c 100000 | zfs receive -u -s ${own}/b`)
  execFileSync('zfs', ['list', `${own}/b/%recv`])
  await sh(ct, `zfs create -u ${own}/c && zfs snapshot ${own}/c@s`)
  await sh(ct, `zfs clone -o canmount=noauto ${own}/c@s ${own}/c/d && zfs promote ${own}/c/d`)
  t.equal(zfs('get', '-Ho', 'value', 'origin', `${own}/c`), `${own}/c/d@s`)
  await sh(ct, `for tag in 1 2 3; do zfs hold $tag ${own}/a@two; done`)
  await ct.stop()
  await ct.datasets.set('own', { delegated: false })
  t.equal(zfs('holds', '-H', `${own}/a@two`), '')
})

await t.test('all of it goes with the container', async (t) => {
  await ct.delete({ force: true })
  await other.delete({ force: true })
  const { left } = await host.pools.get('tank').pruneTrash({ pauseMs: 0 })
  t.same(left, [])
  t.same(all(`${dataset}/trash`), [`${dataset}/trash`])
  t.same((await host.audit()).leftovers, [])
})
