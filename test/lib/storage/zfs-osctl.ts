// What osctl does on a pool of ZFS, and can do on no other: each command and option of that, against a daemon.
import { servedPlace } from '../../helpers/daemon.js'
import { confines } from '../../helpers/guest-zfs.js'
import { busyboxImage } from '../../helpers/host.js'
import { IMAGE, Osctl } from '../../helpers/osctl.js'
import { requires } from '../../helpers/requires.js'
import { makeDataset, testMountpoint } from '../../helpers/storage.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
// An osctl takes seconds where Node.js is interpreted.
t.setTimeout(0)
const mountpoint = testMountpoint(t)
const zpool = testPool(t)
const dataset = `${zpool}/osctl`
makeDataset(dataset, mountpoint)
const { socket } = await servedPlace(t)
const osctl = new Osctl(socket)
const property = (name: string, what: string): string => zfs('get', '-Hpo', 'value', what, name)

await t.test('a dataset is made a pool', async (t) => {
  await osctl.fails(t, 'pool install --driver zfs fast', /zpool|dataset|not a pool/)
  await osctl.ok(t, `pool install --driver zfs --dataset ${dataset} fast`)
  await osctl.prints(t, 'pool ls -H -o name,dataset,containers fast', `fast  ${dataset}  0\n`)
  const image = '--distribution busybox --version 1 --vendor default --variant default'
  await osctl.ok(t, `image import --pool fast ${image} ${busyboxImage(t)}`)
  await osctl.ok(t, `--pool fast ct new ${IMAGE} web1`)
  await osctl.prints(t, 'ct show -H -o dataset web1', `${dataset}/ct/web1\n`)
})

await t.test('datasets of a container', async (t) => {
  await osctl.ok(t, 'ct dataset new web1 data /srv/data')
  await osctl.ok(t, 'ct dataset new --no-mount web1 data/sub')
  await osctl.ok(t, 'ct dataset new web1 logs')
  await osctl.prints(
    t,
    'ct dataset ls -H web1',
    ['/', 'data', 'data/sub', 'logs']
      .map((name) => `${name.padEnd(8)}  ${dataset}/ct/web1${name === '/' ? '' : `/${name}`}\n`)
      .join(''),
  )
  await osctl.ok(t, 'ct dataset set web1 data quota=64M atime=off sync=disabled')
  t.equal(property(`${dataset}/ct/web1/data`, 'quota'), String(64 * 2 ** 20))
  t.equal(property(`${dataset}/ct/web1/data`, 'atime'), 'off')
  const listed = await osctl.ok(t, '-p ct dataset ls -H -o name,quota web1')
  t.match(listed.stdout, /^data +67108864$/m)
  await osctl.ok(t, 'ct dataset set web1 data quota=none atime=inherit')
  t.equal(property(`${dataset}/ct/web1/data`, 'quota'), '0')
  await osctl.fails(t, 'ct dataset set web1 data compression=best', /compression/)
  await osctl.ok(t, 'ct dataset new --no-mount web1 own')
  const given = 'ct dataset set web1 own delegated=on filesystem_limit=5'
  if (confines()) {
    await osctl.ok(t, given)
    t.equal(property(`${dataset}/ct/web1/own`, 'filesystem_limit'), '5')
  } else {
    await osctl.fails(t, given, /in the hands of a container .*is not possible here/)
    t.equal(property(`${dataset}/ct/web1/own`, 'filesystem_limit'), 'none')
  }
  await osctl.fails(t, 'ct dataset set web1 own filesystem_limit=many', /filesystem_limit/)
  await osctl.ok(t, 'ct dataset set web1 own delegated=off')
  await osctl.ok(t, 'ct dataset del web1 own')
  await osctl.fails(t, 'ct dataset new web1 data', /dataset .*already exists/)
  await osctl.fails(t, 'ct dataset new --no-mount web1 data /srv', /MOUNTPOINT or --no-mount/)
})

await t.test('and where it sees them', async (t) => {
  await osctl.ok(t, 'ct start web1')
  await osctl.ok(t, 'ct exec web1 touch /srv/data/written')
  await osctl.ok(t, 'ct mounts dataset --ro web1 data /mnt/read')
  await osctl.ok(t, 'ct mounts dataset --rw web1 data/sub /mnt/write')
  await osctl.prints(
    t,
    'ct mounts ls -H -o dataset,mountpoint,opts web1',
    'data      /srv/data   bind,create=dir,rw\n' +
      'logs      /logs       bind,create=dir,rw\n' +
      'data      /mnt/read   bind,create=dir,ro\n' +
      'data/sub  /mnt/write  bind,create=dir,rw\n',
  )
  await osctl.ok(t, 'ct exec web1 test -e /mnt/read/written')
  t.match(await osctl.run('ct exec web1 touch /mnt/read/refused'), { code: 1 })
  await osctl.ok(t, 'ct exec web1 touch /mnt/write/written')
  await osctl.ok(t, 'ct mounts del web1 /mnt/write')
  t.match(await osctl.run('ct exec web1 test -e /mnt/write/written'), { code: 1 })
  await osctl.fails(t, 'ct dataset del web1 data', /is in use by data\/sub/)
  await osctl.ok(t, 'ct dataset del -r -u web1 data')
  await osctl.prints(t, 'ct dataset ls -H -o name web1', '/\nlogs\n')
  t.match(await osctl.run('ct exec web1 test -e /srv/data/written'), { code: 1 })
})

await t.test('a run from an image, in a dataset with properties of its own', async (t) => {
  await osctl.ok(t, 'ct exec web1 touch /mine')
  const given = '--zfs-property quota=200M --zfs-property atime=off'
  await osctl.ok(t, `ct boot -f ${IMAGE} ${given} --mount-root-dataset /old web1`)
  await osctl.ok(t, 'ct exec web1 test -e /old/mine')
  const { stdout } = await osctl.ok(t, 'ct show -H -o boot_dataset web1')
  t.equal(property(stdout.trim(), 'quota'), String(200 * 2 ** 20))
  t.equal(property(stdout.trim(), 'atime'), 'off')
  await osctl.ok(t, 'ct stop -k web1')
  await osctl.fails(t, `ct boot ${IMAGE} --zfs-property nonsense=1 web1`, /nonsense/)
})

await t.test('copied, and its root made anew', async (t) => {
  await osctl.ok(t, 'ct cp web1 web2')
  await osctl.prints(t, 'ct dataset ls -H -o name web2', '/\nlogs\n')
  zfs('snapshot', `${dataset}/ct/web1@kept`)
  await osctl.fails(t, 'ct reinstall web1', /snapshot/)
  await osctl.ok(t, 'ct reinstall -r web1')
  t.match(await osctl.run('ct exec -r web1 test -e /mine'), { code: 1 })
  await osctl.prints(t, 'ct dataset ls -H -o name web1', '/\nlogs\n')
})

await t.test('the trash', async (t) => {
  zfs('create', '-o', 'canmount=noauto', `${dataset}/spare`)
  await osctl.fails(t, `trash-bin dataset add ${dataset}/ct/web1`, /web1/)
  const { stderr } = await osctl.ok(t, `trash-bin dataset add ${dataset}/spare`)
  t.match(stderr, new RegExp(`^It is ${dataset}/trash/spare`))
  await osctl.ok(t, 'ct del web2')
  const [report] = (await osctl.ok(t, '-j trash-bin prune fast')).json as [{ destroyed: string[] }]
  t.ok(report.destroyed.some((name) => name.startsWith(`${dataset}/trash/spare`)))
  t.equal(zfs('list', '-Ho', 'name', '-r', `${dataset}/trash`), `${dataset}/trash`)
})

await t.test('exported, imported, and a pool no more', async (t) => {
  await osctl.ok(t, 'pool export fast')
  await osctl.ok(t, `pool import --dataset ${dataset} fast`)
  await osctl.prints(t, 'ct ls -H -o id --pool fast', 'web1\n')
  await osctl.ok(t, 'ct del web1')
  await osctl.fails(t, `pool uninstall --dataset ${dataset} fast`, /import|export/)
  await osctl.ok(t, 'pool export fast')
  await osctl.ok(t, `pool uninstall --dataset ${dataset} fast`)
  await osctl.fails(t, `pool import --dataset ${dataset} fast`, /is not a pool/)
})
