// Further datasets of containers: made, limited, mounted where the container wants them, with it in snapshots,
// and gone.
import { readdirSync, statSync } from 'node:fs'
import type { Container } from 'vpsadminos'
import { Mount } from '../../../dist/ns/mount.js'
import { confines, sh } from '../../helpers/guest-zfs.js'
import { startedContainer, temporaryHost, text } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const dataset = String(host.pools.get('tank').show().dataset)

const names = async (ct: Container): Promise<string[]> =>
  (await ct.datasets.list()).map(({ name }) => name)

const ct = await host.containers.create({ id: 'web', image: { distribution: 'busybox' } })

await t.test('what is wrong is told before anything changes', async (t) => {
  const wrong = { code: 'ERR_INVALID_ARGUMENT' }
  for (const name of ['', '/', 'a//b', '../x', '.hidden', 'a/.b', 'a@b', 'x'.repeat(151)]) {
    await t.rejects(ct.datasets.create(name), wrong, name)
  }
  for (const at of ['/', 'srv', '/a/../b', '/a//b', '/proc/x', '/dev', '/run/x', '/a\nb', '/a ']) {
    await t.rejects(ct.datasets.create('data', { mountpoint: at }), wrong, at)
  }
  await t.rejects(ct.datasets.create('data', { compression: 'best' }), wrong)
  await t.rejects(ct.datasets.create('data', { recordsize: 1000 }), wrong)
  await t.rejects(ct.datasets.create('data', { reservation: '1 TiB' }), { code: 'ERR_POOL_FULL' })
  await t.rejects(ct.datasets.set('none', { quota: 1 << 20 }), { code: 'ERR_NOT_FOUND' })
  await t.rejects(ct.datasets.delete('none'), { code: 'ERR_NOT_FOUND', kind: 'dataset' })
  await t.rejects(ct.mounts.add({ dataset: 'none', mountpoint: '/x' }), { code: 'ERR_NOT_FOUND' })
  await t.rejects(ct.mounts.remove('/x'), { code: 'ERR_NOT_FOUND', kind: 'mount' })
  t.same(await names(ct), ['/'])
  t.same(ct.mounts.list(), [])
})

await t.test('the container has them as its own', async (t) => {
  await ct.datasets.create('data', { mountpoint: '/srv/my data', quota: '64 MiB' })
  await ct.datasets.create('data/deeper', { mountpoint: '/srv/my data/deeper', compression: 'off' })
  await ct.datasets.create('fixed', { readonly: true })
  await t.rejects(ct.datasets.create('data'), { code: 'ERR_EXISTS', kind: 'dataset' })
  await t.rejects(ct.datasets.create('more', { mountpoint: '/fixed' }), { code: 'ERR_EXISTS' })
  t.same(await names(ct), ['/', 'data', 'data/deeper', 'fixed'])
  t.match(await ct.datasets.list(), [
    { dataset: `${dataset}/ct/web`, quota: null },
    { dataset: `${dataset}/ct/web/data`, quota: 64 * 2 ** 20 },
    { dataset: `${dataset}/ct/web/data/deeper`, quota: null },
    {},
  ])
  await ct.start()
  t.equal(
    await sh(ct, 'stat -c "%u:%g %a" "/srv/my data" "/srv/my data/deeper" /fixed'),
    ['0:0 755', '0:0 755', '0:0 755'].join('\n'),
  )
  await sh(ct, 'touch "/srv/my data/one" "/srv/my data/deeper/two" && chown 7:8 "/srv/my data/one"')
  await t.rejects(sh(ct, 'touch /fixed/three'), /Read-only/)
  await t.rejects(sh(ct, 'mount -o remount,rw /fixed'), 'nor can it be made otherwise from inside')
  await t.rejects(sh(ct, 'ls "/srv/my data/.zfs"'), /No such file/)
  await t.rejects(sh(ct, 'dd if=/dev/urandom of="/srv/my data/large" bs=1M count=100'), /quota/i)
  await sh(ct, 'rm "/srv/my data/large"')
  await ct.kill()
})

await t.test('their files are reached while it does not run', async (t) => {
  await ct.push('/srv/my data/deeper/pushed', 'hello')
  t.equal(await text(await ct.pull('/srv/my data/deeper/pushed')), 'hello')
  await ct.start()
  t.equal(
    await sh(ct, 'ls "/srv/my data/deeper"; stat -c %u:%g "/srv/my data/one"'),
    'pushed\ntwo\n7:8',
  )
  await ct.kill()
})

await t.test('ids on the disk begin at 0', async (t) => {
  await using mount = await Mount.create('zfs', { source: `${dataset}/ct/web/data` })
  const tree = `/proc/self/fd/${mount.fd}/private`
  t.same(readdirSync(tree).sort(), ['deeper', 'one'])
  t.match(statSync(`${tree}/one`), { uid: 7, gid: 8 })
})

await t.test('snapshots have them too', async (t) => {
  await ct.snapshots.create('before')
  await ct.start()
  await sh(ct, 'rm "/srv/my data/one" && touch "/srv/my data/deeper/later"')
  await ct.kill()
  await ct.snapshots.rollback('before')
  await ct.start()
  t.equal(await sh(ct, 'ls "/srv/my data" "/srv/my data/deeper" | grep -c "one\\|later"'), '1')
  await ct.kill()
  await ct.snapshots.delete('before')
})

await t.test('limits change at once, and are taken back', async (t) => {
  await ct.datasets.set('data', { quota: '32 MiB', atime: false, compression: 'zstd-3' })
  const get = (property: string) =>
    zfs('get', '-Hpo', 'value,source', property, `${dataset}/ct/web/data`)
  t.equal(get('quota'), `${32 * 2 ** 20}\tlocal`)
  t.equal(get('atime'), 'off\tlocal')
  await ct.datasets.set('data', { quota: null, atime: null, compression: null })
  t.equal(get('quota').split('\t')[0], '0')
  t.match(get('atime'), /default|inherited/)
  t.notMatch(get('compression'), 'local')
  await ct.datasets.set('/', { refquota: '1 GiB' })
  t.equal((await ct.datasets.list())[0]?.refquota, 2 ** 30)
})

await t.test('a running one gets what is changed at once', async (t) => {
  await ct.start()
  await ct.datasets.create('late', { mountpoint: '/late' })
  t.same(ct.show().pending, [])
  await sh(ct, 'echo kept >/late/file && chown 5:6 /late/file')
  await ct.mounts.add({ dataset: 'late', mountpoint: '/late-too/below', readonly: true })
  t.equal(await sh(ct, 'cat /late-too/below/file; stat -c %u:%g /late-too/below/file'), 'kept\n5:6')
  await t.rejects(sh(ct, 'touch /late-too/below/other'), /Read-only/)
  await t.rejects(sh(ct, 'mount -o remount,rw /late-too/below'), 'locked')
  await t.rejects(sh(ct, 'mount -o remount,dev /late'), 'locked')
  await ct.mounts.remove('/late-too/below')
  t.match(await sh(ct, 'grep " /late" /proc/mounts'), /^\S+ \/late zfs rw[^\n]*$/)
  await ct.mounts.remove('/fixed')
  await t.rejects(sh(ct, 'grep " /fixed " /proc/mounts'))
  await ct.datasets.delete('fixed')
  await t.rejects(ct.datasets.delete('late'), {
    code: 'ERR_IN_USE',
    message: /a mount at \/late/,
  })
  await ct.reboot()
  t.equal(await sh(ct, 'cat /late/file'), 'kept')
  await t.rejects(sh(ct, 'grep fixed /proc/mounts'))
  await sh(ct, 'mkdir /moved && mount --make-rprivate / && mount --move /late /moved')
  await ct.mounts.remove('/late')
  await t.rejects(sh(ct, 'grep moved /proc/mounts'), 'wherever the guest has it')
  await ct.mounts.add({ dataset: 'late', mountpoint: '/late' })
  await sh(ct, 'touch /blocks')
  await t.rejects(ct.mounts.add({ dataset: 'late', mountpoint: '/blocks' }), {
    code: 'ERR_INVALID_ARGUMENT',
  })
  await t.rejects(ct.datasets.create('blocked', { mountpoint: '/blocks' }), {
    code: 'ERR_INVALID_ARGUMENT',
  })
  t.notOk((await names(ct)).includes('blocked'), 'what cannot be mounted is not made')
  t.same(
    ct.mounts.list().map(({ mountpoint }) => mountpoint),
    ['/srv/my data', '/srv/my data/deeper', '/late'],
  )
  await sh(ct, 'ln -s / /root-link')
  await ct.mounts.add({ dataset: 'late', mountpoint: '/root-link/inside' })
  t.equal(await sh(ct, 'cat /inside/file'), 'kept', 'a link leads within the container')
  await ct.mounts.remove('/root-link/inside')
  await ct.kill()
})

await t.test('deleted ones are in the trash', async (t) => {
  await t.rejects(ct.datasets.delete('data', { unmount: true }), { code: 'ERR_IN_USE' })
  await ct.datasets.delete('data', { recursive: true, unmount: true })
  t.same(await names(ct), ['/', 'late'])
  t.same(
    ct.mounts.list().map(({ mountpoint }) => mountpoint),
    ['/late'],
  )
  const { trash } = host.pools.get('tank')
  const originals = (await trash?.list())?.map(({ originalName }) => originalName)
  t.ok(originals?.includes(`${dataset}/ct/web/data`))
  await ct.start()
  await ct.kill()
})

await t.test('a link of the guest leads nowhere else', async (t) => {
  const evil = await startedContainer(host, { id: 'evil' })
  await sh(evil, 'ln -s /etc /abs && ln -s ../../../../tmp /up && mkdir /plain && touch /file')
  await evil.kill()
  const before = [readdirSync('/etc'), readdirSync('/tmp')]
  for (const at of ['/abs/made', '/up/made', '/file']) {
    await evil.datasets.create('data', { mountpoint: at })
    await t.rejects(evil.start(), { code: 'ERR_CONTAINER_START' }, at)
    await evil.datasets.delete('data', { unmount: true })
  }
  t.same([readdirSync('/etc'), readdirSync('/tmp')], before)
  await evil.delete()
})

await t.test('a dataset that is gone is named by the start that fails', async (t) => {
  zfs('destroy', `${dataset}/ct/web/late`)
  await t.rejects(ct.start(), { code: 'ERR_CONTAINER_START' })
  t.equal(ct.state, 'stopped')
  await ct.mounts.remove('/late')
  await ct.start()
  await ct.delete({ force: true })
  t.same((await host.audit()).leftovers, [])
})

await t.test('what the zpool has no feature for is refused by name', async (t) => {
  const off = ['filesystem_limits', 'zstd_compress'].flatMap((one) => [
    '-o',
    `feature@${one}=disabled`,
  ])
  const bare = await temporaryHost(t, { dataset: testPool(t, 256, ...off) })
  const ct = await bare.containers.create({ id: 'bare', image: { distribution: 'busybox' } })
  const missing = { code: 'ERR_UNSUPPORTED', message: /zpool 'test-.*has not enabled the feature/ }
  const delegated = {
    ...missing,
    ...(confines() ? {} : { message: /in the hands of a container/ }),
  }
  await t.rejects(ct.datasets.create('data', { delegated: true }), delegated)
  await t.rejects(ct.datasets.create('data', { compression: 'zstd' }), missing)
  await t.rejects(ct.datasets.set('/', { compression: 'zstd' }), missing)
  t.same(await names(ct), ['/'])
  await ct.datasets.create('data', { compression: 'lz4' })
  t.same(await names(ct), ['/', 'data'])
})
