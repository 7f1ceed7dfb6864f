// A dataset in a container's own hands: what its root can do there and what not, from when and for how long, and
// that nothing of it stays in anybody's hands.
import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import type { Container } from 'vpsadminos'
import { installZfs, sh, UserNamespace } from '../../helpers/guest-zfs.js'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { armKeeper } from '../../helpers/keeper-steps.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'confining zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t, { dataset: testPool(t) })
const home = `${String(host.pools.get('tank').show().dataset)}/ct/web`
const own = `${home}/own`

const initOf = (ct: Container): number => Number(ct.show().initPid)
const monitorOf = (ct: Container): number =>
  Number(
    readFileSync(`/proc/${initOf(ct)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ')[1],
  )
const names = async (ct: Container): Promise<string[]> =>
  (await sh(ct, 'zfs list -Ho name')).split('\n')

const ct = await host.containers.create({ id: 'web', image: busybox })
const other = await host.containers.create({ id: 'other', image: busybox })
for (const each of [ct, other]) await installZfs(each)

await t.test('what is wrong, or cannot be had, is told before anything changes', async (t) => {
  const wrong = { code: 'ERR_INVALID_ARGUMENT' }
  await t.rejects(ct.datasets.set('/', { delegated: true }), wrong)
  await t.rejects(ct.datasets.create('own', { delegated: true, mountpoint: '/own' }), wrong)
  await t.rejects(ct.datasets.create('own', { delegated: true, readonly: true }), wrong)
  await t.rejects(ct.datasets.create('own', { filesystemLimit: 5 }), wrong)
  await t.rejects(ct.datasets.set('none', { delegated: true }), { code: 'ERR_NOT_FOUND' })
  chmodSync('/dev/zfs', 0o600)
  try {
    const unsupported = { code: 'ERR_UNSUPPORTED', reason: /0600/ }
    await t.rejects(ct.datasets.create('own', { delegated: true }), unsupported)
  } finally {
    chmodSync('/dev/zfs', 0o666)
  }
  t.same(
    (await ct.datasets.list()).map(({ name }) => name),
    ['/'],
  )
  await ct.datasets.create('mounted')
  await t.rejects(ct.datasets.set('mounted', { delegated: true }), { code: 'ERR_IN_USE' })
  await ct.datasets.delete('mounted', { unmount: true })
})

await t.test('root in the container manages what is below it, and nothing else', async (t) => {
  const limits = { quota: '64 MiB', filesystemLimit: 4, snapshotLimit: 3 } as const
  await ct.datasets.create('own', { delegated: true, ...limits })
  await ct.datasets.create('ours', { mountpoint: null })
  t.match((await ct.datasets.list())[1], { name: 'ours', delegated: false })
  t.match((await ct.datasets.list())[2], {
    name: 'own',
    delegated: true,
    filesystemLimit: 4,
    snapshotLimit: 3,
  })
  t.same(ct.mounts.list(), [])
  await t.rejects(ct.mounts.add({ dataset: 'own', mountpoint: '/x' }), { code: 'ERR_IN_USE' })
  await t.rejects(ct.datasets.create('own/below'), { code: 'ERR_IN_USE' })

  await ct.start()
  const above = home.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
  t.same(await names(ct), [...above, own])
  await sh(ct, `zfs set mountpoint=/srv/own ${own} && zfs mount -a && touch /srv/own/one`)
  await sh(ct, `zfs create ${own}/sub && zfs set compression=zstd ${own}/sub`)
  await sh(ct, `zfs snapshot ${own}/sub@first && touch /srv/own/sub/two`)
  await sh(ct, `zfs rollback ${own}/sub@first && test ! -e /srv/own/sub/two`)
  await sh(ct, `zfs clone ${own}/sub@first ${own}/clone && zfs promote ${own}/clone`)
  await sh(ct, `zfs destroy -r ${own}/sub && zfs destroy -r ${own}/clone`)
  t.equal(await sh(ct, 'stat -c %u:%g /srv/own/one'), '0:0')

  for (const [why, script] of [
    ['a quota', `zfs set quota=none ${own}`],
    ['how many datasets', `zfs set filesystem_limit=none ${own}`],
    ['how many snapshots', `zfs set snapshot_limit=1000 ${own}`],
    ['whose it is', `zfs set zoned=off ${own}`],
    ['whose it is, otherwise', `zfs inherit zoned ${own}`],
    ['its name', `zfs rename -u ${own} ${home}/mine`],
    ['what is beside it', `zfs create ${home}/more`],
    ['what is above it', `zfs set atime=off ${home}`],
    ['a snapshot of what is above it', `zfs snapshot ${home}@mine`],
    ['the root', `mount -t zfs ${home} /mnt`],
    ['another one of ours', `mount -t zfs ${home}/ours /mnt`],
    ['another container', `zfs list ${home.replace(/web$/, 'other')}`],
    ['the zpool', `zpool set comment=mine ${above[0]}`],
    ['room', `zfs set reservation=100M ${own}`],
    // What was refused before has had it unmounted.
    ['data', 'zfs mount -a || exit 0; dd if=/dev/urandom of=/srv/own/large bs=1M count=100'],
    ['datasets', `for i in 1 2 3 4 5; do zfs create -u ${own}/l$i || exit; done`],
    ['snapshots', `for i in 1 2 3 4 5; do zfs snapshot ${own}@l$i || exit; done`],
  ] as const) {
    await t.rejects(sh(ct, script), why)
  }
  t.match(
    zfs('get', '-Hpo', 'value', 'quota,zoned,filesystem_limit,snapshot_limit', own),
    /^67108864\non\n4\n3$/,
  )
  await ct.kill()
})

await t.test('no container sees what is in the hands of another one', async (t) => {
  await other.datasets.create('own', { delegated: true })
  await Promise.all([ct.start(), other.start()])
  const theirs = await names(other)
  t.ok(theirs.includes(own.replace('/web/', '/other/')))
  t.notOk(theirs.some((name) => name.startsWith(home)))
  t.notOk((await names(ct)).some((name) => name.includes('/other')))
  await Promise.all([ct.kill(), other.kill()])
})

await t.test('nothing stays in the hands of what has ended', async (t) => {
  for (const [how, end] of [
    ['stopped', () => ct.stop()],
    ['killed', () => ct.kill()],
    [
      'its monitor killed',
      async () => {
        process.kill(monitorOf(ct), 'SIGKILL')
        await ct.wait('stopped')
      },
    ],
    [
      'its keeper killed before',
      async () => {
        const keeper = await host.keeperPid()
        process.kill(keeper, 'SIGKILL')
        await until(async () => (await host.keeperPid().catch(() => keeper)) !== keeper)
        t.ok((await names(ct)).includes(own), 'the next one has not taken it away')
        await ct.kill()
      },
    ],
  ] as const) {
    await ct.start()
    using userns = new UserNamespace(initOf(ct))
    t.ok(userns.takes(own), `${how}: it was in its hands`)
    t.ok(userns.give(own))
    await end()
    t.notOk(userns.takes(own), `${how}: and is no more`)
  }
})

await t.test('what cannot be taken back at once is before the next start', async (t) => {
  await ct.start()
  using before = new UserNamespace(initOf(ct))
  const keeper = await host.keeperPid()
  const limit = (soft: number) =>
    execFileSync('prlimit', ['--pid', String(keeper), `--nofile=${soft}:`])
  const monitor = monitorOf(ct)
  process.kill(monitor, 'SIGSTOP') // it would take it back itself
  process.kill(initOf(ct), 'SIGKILL')
  limit(3) // the keeper can open nothing
  process.kill(monitor, 'SIGKILL')
  await ct.wait('stopped')
  limit(1024)
  t.ok(before.takes(own))
  t.ok(before.give(own))
  await ct.start()
  t.notOk(before.takes(own))
  t.ok((await names(ct)).includes(own))
  await ct.kill()
})

await t.test('a reboot has it in its hands, and the run before has not', async (t) => {
  await ct.start()
  using before = new UserNamespace(initOf(ct))
  const pid = initOf(ct)
  await ct.reboot()
  await until(() => ct.state === 'running' && initOf(ct) !== pid)
  t.ok((await names(ct)).includes(own))
  t.notOk(before.takes(own))
  await ct.kill()
})

await t.test('what cannot be given to it is no start', async (t) => {
  await armKeeper(host, { step: 'monitor.delegated', how: 'fail', pid: 0 })
  await t.rejects(ct.start(), { code: 'ERR_CONTAINER_START' })
  await armKeeper(host, null)
  t.equal(ct.state, 'stopped')
  t.notMatch(readFileSync(`/proc/${await host.keeperPid()}/mountinfo`, 'utf8'), /\.userns/)
  t.same((await host.audit()).leftovers, [])
  chmodSync('/dev/zfs', 0o600)
  await t.rejects(ct.start(), { code: 'ERR_UNSUPPORTED' })
  chmodSync('/dev/zfs', 0o666)
})

await t.test('a running container is given it, and loses it, at once', async (t) => {
  await ct.datasets.delete('own')
  await ct.datasets.create('own', { mountpoint: null })
  await ct.start()
  await t.rejects(sh(ct, 'test -e /dev/zfs'), 'without one there is no device')
  await ct.datasets.set('own', { delegated: true })
  t.ok((await names(ct)).includes(own))
  t.match(await ct.datasets.list(), [{}, {}, { filesystemLimit: 100, snapshotLimit: 1000 }])
  await ct.datasets.set('own', { snapshotLimit: 7 })
  t.match(await ct.datasets.list(), [{}, {}, { filesystemLimit: 100, snapshotLimit: 7 }])
  await sh(ct, `zfs set mountpoint=/srv/own ${own} && zfs mount -a && zfs create ${own}/.odd`)
  const odd = { code: 'ERR_IN_USE', users: [`${own}/.odd`] }
  await t.rejects(ct.datasets.set('own', { delegated: false }), odd)
  t.ok((await names(ct)).includes(own), 'it still has it')
  await sh(ct, `zfs rename ${own}/.odd ${own}/even`)
  using userns = new UserNamespace(initOf(ct))
  await ct.datasets.set('own', { delegated: false })
  t.notOk(userns.takes(own))
  await t.rejects(sh(ct, 'zfs list'), 'the device is out of reach')
  t.notMatch(await sh(ct, 'cat /proc/mounts'), /srv\/own/)
  t.equal(
    zfs('get', '-rHo', 'value', 'zoned,canmount', own),
    ['off', 'noauto', 'off', 'noauto'].join('\n'),
  )
  t.notMatch(zfs('get', '-Ho', 'value', 'mountpoint', own), /srv/)
  await ct.mounts.add({ dataset: 'own', mountpoint: '/own' })
  await ct.mounts.remove('/own')
  await ct.datasets.set('own', { delegated: true })
  t.ok((await names(ct)).includes(own), 'and has it once more')
  await sh(ct, `zfs destroy -r ${own}`)
  await t.rejects(ct.datasets.set('own', { quota: 1 << 25 }), { code: 'ERR_NOT_FOUND' })
  await ct.datasets.create('own', { delegated: true })
  t.ok((await names(ct)).includes(own), 'also when it has destroyed it')
  await sh(ct, `zfs destroy -r ${own}`)
  await ct.datasets.delete('own')
  t.notOk(userns.takes(own))
  await ct.kill()
})
