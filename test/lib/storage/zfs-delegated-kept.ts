// What is done to containers while their guests do what they can in the datasets in their hands: odd names, names
// that we use, properties that we read, snapshots, holds and clones. None of it is in the way of anything.
import { existsSync } from 'node:fs'
import { Host, type Container } from 'vpsadminos'
import { all, installZfs, sh, UserNamespace } from '../../helpers/guest-zfs.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { statusOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'confining zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const dataset = `${above}/pool`
zfs('create', '-o', `mountpoint=/tmp/${above}`, dataset)
const options = lastingHost(t, dataset)
let host = await Host.open({ ...options, pools: [] })
t.teardown(() => host.close())
await host.pools.install(options.pools[0])
await importBusybox(t, host)

const initOf = (ct: Container): number => Number(ct.show().initPid)

let ct = await host.containers.create({ id: 'web', image: busybox })
await installZfs(ct)
await ct.datasets.create('own', { delegated: true, filesystemLimit: 20, snapshotLimit: 100 })
const home = `${dataset}/ct/web`
const own = `${home}/own`
const made = ['.x.new', '.x.old', '.x.old/.newer-5', 'y.z', '.web.new']

await ct.start()
await sh(ct, `zfs set mountpoint=/srv/own ${own} && zfs mount -a`)
for (const name of made) await sh(ct, `zfs create '${own}/${name}'`)
await sh(ct, `zfs create -s -V 1M '${own}/volume'`)
await sh(ct, `zfs set compression=zstd-fast-3 ${own}/y.z && touch /srv/own/y.z/file`)
await sh(ct, `zfs set org.vpsadminos.osctl:active=yes org.vpsadminos.osctl:image=x ${own}/y.z`)
await sh(ct, `zfs set org.vpsadminos.osctl.trash-bin:original_name=tank ${own}`)

await t.test('a container of which nobody looks after leaves nothing in its hands', async (t) => {
  using userns = new UserNamespace(initOf(ct))
  const init = initOf(ct)
  const monitor = statusOf(init)?.get('PPid')
  const keeper = await host.keeperPid()
  await host.close()
  process.kill(keeper, 'SIGKILL')
  await until(() => !existsSync(`/proc/${keeper}`))
  process.kill(init, 'SIGKILL')
  await until(() => !existsSync(`/proc/${init}`))
  await until(() => !userns.takes(own))
  await until(() => !existsSync(`/proc/${monitor}`))
  host = await Host.open(options)
  ct = host.containers.get('web')
  t.equal(ct.state, 'stopped')
  t.same((await host.audit()).leftovers, [])
  await ct.start()
  await sh(ct, 'zfs mount -a')
})

await t.test('what a guest says of its datasets makes none of them a pool', async (t) => {
  const pool = { name: 'guest', driver: 'zfs', dataset: `${own}/y.z` } as const
  await t.rejects(host.pools.import(pool), { code: 'ERR_NOT_A_POOL' })
})

await t.test('snapshots have all of it, and those that it has made itself count', async (t) => {
  await sh(ct, `zfs snapshot ${own}/y.z@nightly`)
  await ct.snapshots.create('nightly')
  const named = all(home, 'snapshot').filter((name) => name.endsWith('@nightly'))
  t.equal(named.length, all(home).length)
  await t.rejects(ct.snapshots.create('nightly'), { code: 'ERR_EXISTS' })
  await sh(ct, `zfs hold mine ${own}/y.z@nightly && zfs clone ${own}/y.z@nightly ${own}/clone`)
  await ct.snapshots.create('later')
  await ct.snapshots.delete('later')
  await ct.snapshots.delete('nightly')
  t.same(await ct.snapshots.list(), [])
  t.same(all(own, 'snapshot'), [`${own}/y.z@nightly`], 'that of the guest, which it holds')
  await sh(ct, `zfs destroy ${own}/clone && zfs release mine ${own}/y.z@nightly`)
  t.notMatch(zfs('list', '-rHo', 'name', '-t', 'snapshot', own), /nightly/)
})

await t.test('a rollback leaves it as it is', async (t) => {
  await ct.snapshots.create('older')
  await ct.push('/changed', Buffer.from('x'))
  await sh(ct, 'touch /srv/own/later')
  await ct.snapshots.create('newer')
  const before = all(own)
  await ct.kill()
  await ct.snapshots.rollback('older')
  t.same(all(own), before)
  await ct.start()
  await sh(ct, 'zfs mount -a && test -e /srv/own/later && test ! -e /changed')
  await ct.kill()
})

await t.test('a copy has it in its own hands', async (t) => {
  const ids = { code: 'ERR_UNSUPPORTED', reason: /have the ids of user 'web'/ }
  await t.rejects(host.containers.copy('web', 'copy'), ids, 'unless it would have other ids')
  t.notOk(host.users.list().some(({ name }) => name === 'copy'))
  await host.users.create({ name: 'other' })
  await t.rejects(host.containers.get('web').chown('other'), ids, 'nor is it given to another user')
  await host.users.get('other').delete()
  const copy = await host.containers.copy('web', 'copy', { user: 'web' })
  const theirs = own.replace('/web/', '/copy/')
  t.same(
    all(theirs),
    all(own).map((name) => name.replace('/web/', '/copy/')),
  )
  t.match(await copy.datasets.list(), [
    {},
    { name: 'own', delegated: true, filesystemLimit: 20, snapshotLimit: 100 },
  ])
  await copy.start()
  t.notOk((await sh(copy, 'zfs list -Ho name')).includes('/web'))
  await sh(copy, `zfs mount -a && test -e /srv/own/y.z/file && zfs create ${theirs}/more`)
  await copy.delete({ force: true })
})

await t.test('with another name, and another root, it has what it had', async (t) => {
  await ct.rename('renamed')
  await ct.start()
  const renamed = own.replace('/web/', '/renamed/')
  t.ok((await sh(ct, 'zfs list -Ho name')).split('\n').includes(renamed))
  await ct.kill()
  await ct.rename('web')
  await ct.reinstall({ removeSnapshots: true })
  for (const name of made) t.ok(all(own).includes(`${own}/${name}`), name)
  await installZfs(ct)
  await ct.start()
  await sh(ct, 'zfs mount -a && test -e /srv/own/y.z/file')
})

await t.test('a run from an image has it in its hands as well', async (t) => {
  await ct.boot({ image: busybox, force: true })
  await installZfs(ct)
  t.ok((await sh(ct, 'zfs list -Ho name')).split('\n').includes(own))
  await sh(ct, `zfs create ${own}/booted && zfs mount -a && test -e /srv/own/y.z/file`)
  await ct.stop()
  await ct.start()
  await sh(ct, `zfs mount -a && zfs destroy ${own}/booted`)
})

await t.test(
  'a name as long as it can be is told of by whoever would need a longer one',
  async (t) => {
    const long = 'l'.repeat(255 - own.length - 1)
    await sh(ct, `zfs create -u ${own}/${long}`)
    await ct.kill()
    const refused = { code: 'ERR_UNSUPPORTED', reason: new RegExp(`${own}/lll`) }
    await t.rejects(ct.reinstall({ removeSnapshots: true }), refused)
    await t.rejects(host.containers.copy('web', 'copy', { user: 'web' }), refused)
    await ct.snapshots.create('one')
    const named = all(home, 'snapshot').filter((name) => name.endsWith('@one'))
    t.equal(named.length, all(home).length - 1, 'it has all that can have one')
    await ct.snapshots.create('two')
    await t.rejects(ct.snapshots.rollback('one'), refused, 'all of it would move meanwhile')
    await ct.start()
    t.ok((await sh(ct, 'zfs list -Ho name')).includes(long), 'it is as it was')
    await sh(ct, `zfs snapshot ${own}/y.z@held && zfs hold mine ${own}/y.z@held`)
  },
)

await t.test('and is in the way of no end', async (t) => {
  await ct.delete({ force: true })
  t.notOk(all(`${dataset}/ct`).some((name) => name.startsWith(home)))
  const { trash } = host.pools.get('tank')
  t.same((await trash?.prune({ pauseMs: 0 }))?.left, [])
  t.same(all(`${dataset}/trash`), [`${dataset}/trash`])
  await host.close()
})
