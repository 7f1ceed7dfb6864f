// Snapshots of containers on ZFS: made of one and of many at the same moment, and rolled back to, also where
// there are newer ones, which stay.
import { execFileSync } from 'node:child_process'
import { rmdirSync } from 'node:fs'
import { Host, type Container } from 'vpsadminos'
import {
  busybox,
  busyboxImage,
  importBusybox,
  startedContainer,
  temporaryHost,
} from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const dataset = String(host.pools.get('tank').show().dataset)

const write = async (ct: Container, text: string): Promise<void> => {
  await ct.exec(['sh', '-c', `echo ${text} >/file`])
}
const read = async (ct: Container): Promise<string> => {
  await ct.start()
  const { stdout } = await ct.exec(['cat', '/file'])
  await ct.kill()
  return stdout.trim()
}
const names = async (ct: Container): Promise<string[]> =>
  (await ct.snapshots.list()).map(({ name, aside }) => (aside ? `(${name})` : name))

const ct = await startedContainer(host, { id: 'web' })
for (const name of ['one', 'two', 'three']) {
  await write(ct, name)
  await ct.snapshots.create(name)
}
await write(ct, 'now')

await t.test('they are those of ZFS', async (t) => {
  t.same(await names(ct), ['one', 'two', 'three'])
  t.same(
    zfs('list', '-Ho', 'name', '-t', 'snapshot', `${dataset}/ct/web`).split('\n'),
    ['one', 'two', 'three'].map((name) => `${dataset}/ct/web@${name}`),
  )
  const [first] = await ct.snapshots.list()
  t.type(first?.used, 'number')
  t.ok((first?.referenced ?? 0) > 0)
  t.ok(Math.abs(Date.now() - (first?.createdAt.getTime() ?? 0)) < 600_000)
})

await t.test('what is wrong is told before anything changes', async (t) => {
  await t.rejects(ct.snapshots.create('two'), { code: 'ERR_EXISTS', kind: 'snapshot' })
  await t.rejects(ct.snapshots.create('a@b'), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.snapshots.create('x'.repeat(101)), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.snapshots.delete('none'), { code: 'ERR_NOT_FOUND', kind: 'snapshot' })
  await t.rejects(ct.snapshots.rollback('two'), { code: 'ERR_STATE' }, 'while it runs')
  await ct.kill()
  await t.rejects(ct.snapshots.rollback('none'), { code: 'ERR_NOT_FOUND', kind: 'snapshot' })
  t.same(await names(ct), ['one', 'two', 'three'])
})

await t.test('back to the newest', async (t) => {
  await ct.snapshots.rollback('three')
  t.equal(await read(ct), 'three')
  t.same(await names(ct), ['one', 'two', 'three'])
})

await t.test('back to an older one, and forward again', async (t) => {
  zfs('set', 'refquota=64M', `${dataset}/ct/web`)
  zfs('set', 'org.example:note=kept', `${dataset}/ct/web`)
  zfs('set', 'compression=zstd-3', `${dataset}/ct/web`)
  zfs('set', 'xattr=on', `${dataset}/ct/web`)
  await ct.snapshots.rollback('one')
  t.equal(await read(ct), 'one')
  t.same(await names(ct), ['one', '(two)', '(three)'])
  await t.rejects(ct.snapshots.create('two'), { code: 'ERR_EXISTS' }, 'there are no two of a name')
  t.equal(zfs('get', '-Hpo', 'value', 'refquota', `${dataset}/ct/web`), String(64 * 2 ** 20))
  t.equal(zfs('get', '-Ho', 'value,source', 'org.example:note', `${dataset}/ct/web`), 'kept\tlocal')
  t.equal(zfs('get', '-Ho', 'value', 'canmount', `${dataset}/ct/web`), 'noauto')
  t.equal(zfs('get', '-Ho', 'value', 'compression', `${dataset}/ct/web`), 'zstd-3')
  await ct.snapshots.rollback('two')
  t.equal(await read(ct), 'two')
  await ct.snapshots.rollback('three')
  t.equal(await read(ct), 'three')
  await ct.snapshots.rollback('one')
  t.equal(await read(ct), 'one')
  const all = (await ct.snapshots.list()).map(({ name }) => name)
  t.same(all.sort(), ['one', 'three', 'two'], 'nothing was lost')
})

await t.test(
  'its limits are those of what takes its place, and reserve nothing twice',
  async (t) => {
    const home = `${dataset}/ct/web`
    const limits = { quota: 64, refquota: 48, reservation: 64, refreservation: 16 }
    for (const [name, size] of Object.entries(limits)) zfs('set', `${name}=${size}M`, home)
    await ct.snapshots.rollback('two')
    t.equal(await read(ct), 'two')
    for (const [name, size] of Object.entries(limits)) {
      t.equal(zfs('get', '-Hpo', 'value', name, home), String(size * 2 ** 20), name)
    }
    const below = zfs('list', '-rHpo', 'reservation,refreservation', home).split('\n').slice(1)
    t.ok(below.length > 0)
    for (const line of below) t.equal(line, '0\t0')
    const said = zfs(
      'get',
      '-rHo',
      'value',
      '-t',
      'filesystem',
      'org.vpsadminos.osctl:limits',
      home,
    )
    t.same(new Set(said.split('\n')), new Set(['-']))
    zfs('set', 'reservation=none', 'refreservation=none', home)
  },
)

await t.test('one that is full is told before anything changes', async (t) => {
  const home = `${dataset}/ct/web`
  const used = Number(zfs('get', '-Hpo', 'value', 'used', home))
  zfs('set', `quota=${used + 2 ** 19}`, home)
  const before = await names(ct)
  await t.rejects(ct.snapshots.rollback('one'), { code: 'ERR_POOL_FULL', quota: true })
  t.same(await names(ct), before)
  zfs('set', 'quota=none', home)
  await ct.snapshots.rollback('one')
  t.equal(await read(ct), 'one')
})

await t.test('back to the newest, where a bookmark is newer', async (t) => {
  const home = `${dataset}/ct/web`
  await ct.snapshots.create('six')
  await ct.snapshots.create('seven')
  zfs('bookmark', `${home}@seven`, `${home}#seven`)
  await ct.snapshots.delete('seven')
  await ct.snapshots.rollback('six')
  t.equal(await read(ct), 'one')
  t.ok((await names(ct)).includes('six'))
  await ct.snapshots.rollback('one')
})

await t.test('deleted ones are gone, unless something came from them', async (t) => {
  await ct.snapshots.create('four')
  await ct.snapshots.delete('four')
  t.notOk((await names(ct)).some((name) => name.includes('four')))
})

await t.test('many at the same moment, or none', async (t) => {
  const cts = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      host.containers.create({ id: `m${index}`, image: { distribution: 'busybox' } }),
    ),
  )
  const ids = cts.map(({ id }) => id)
  await host.containers.snapshot(ids, 'together')
  const txg = ids.map((id) =>
    zfs('get', '-Hpo', 'value', 'createtxg', `${dataset}/ct/${id}@together`),
  )
  t.equal(new Set(txg).size, 1)
  await cts[2]?.snapshots.create('later')
  await t.rejects(host.containers.snapshot(ids, 'later'), { code: 'ERR_EXISTS' })
  t.same(
    await Promise.all(cts.map(async (one) => (await one.snapshots.list()).length)),
    [1, 1, 2, 1, 1],
  )
  await t.rejects(host.containers.snapshot([], 'x'), { code: 'ERR_INVALID_ARGUMENT' })
})

await t.test('an exchange that was cut off is settled by the next import', async (t) => {
  const home = `${dataset}/ct/web`
  const options = { name: 'tank', driver: 'zfs', dataset } as const
  // The clone was made, and promoted, and nothing else.
  zfs('clone', '-o', 'canmount=noauto', `${home}@one`, `${dataset}/ct/.web.new`)
  zfs('promote', `${dataset}/ct/.web.new`)
  await host.pools.export('tank')
  await host.pools.import(options)
  t.throws(() => zfs('list', `${dataset}/ct/.web.new`))
  t.equal(await read(host.containers.get('web')), 'one')
  // The dataset was renamed, and nothing has taken its place yet.
  zfs('clone', '-o', 'canmount=noauto', `${home}@one`, `${dataset}/ct/.web.new`)
  zfs('promote', `${dataset}/ct/.web.new`)
  zfs('rename', '-u', home, `${dataset}/ct/.web.old`)
  await host.pools.export('tank')
  await host.pools.import(options)
  t.equal(await read(host.containers.get('web')), 'one')
  const all = (await host.containers.get('web').snapshots.list()).map(({ name }) => name)
  t.same(all.sort(), ['one', 'six', 'three', 'two'])
})

await t.test('so is one to what was put aside before', async (t) => {
  const home = `${dataset}/ct/web`
  const options = { name: 'tank', driver: 'zfs', dataset } as const
  const [aside = ''] = zfs('list', '-rHo', 'name', '-t', 'snapshot', home)
    .split('\n')
    .filter((name) => name.endsWith('@two'))
  t.match(aside, '/.newer-')
  const before = await host.containers.get('web').snapshots.list()
  zfs('clone', '-o', 'canmount=noauto', aside, `${dataset}/ct/.web.new`)
  zfs('promote', `${dataset}/ct/.web.new`)
  await host.pools.export('tank')
  await host.pools.import(options)
  t.throws(() => zfs('list', `${dataset}/ct/.web.new`))
  const ct = host.containers.get('web')
  t.same(
    (await ct.snapshots.list()).map(({ name }) => name),
    before.map(({ name }) => name),
  )
  // All is in its place but the limits.
  const mountpoint = zfs('get', '-Ho', 'value', 'mountpoint', home)
  const limits = JSON.stringify({ quota: String(2 ** 26), mountpoint: '/', refquota: '/' })
  const [old = ''] = zfs('list', '-rHo', 'name', home)
    .split('\n')
    .filter((name) => name.includes('/.newer-'))
  zfs('set', `org.vpsadminos.osctl:limits=${limits}`, old)
  await ct.snapshots.rollback('two')
  t.equal(await read(ct), 'two')
  t.equal(zfs('get', '-Hpo', 'value', 'quota', home), String(2 ** 26))
  t.equal(zfs('get', '-Ho', 'value', 'mountpoint', home), mountpoint)
  zfs('set', 'quota=none', home)
})

await t.test('one that cannot be settled holds up nothing else', async (t) => {
  zfs('create', '-u', `${dataset}/ct/.nobody.old`)
  await host.pools.export('tank')
  await host.pools.import({ name: 'tank', driver: 'zfs', dataset })
  t.match((await host.audit()).leftovers, [{ what: `${dataset}/ct/.nobody.old` }])
  zfs('destroy', `${dataset}/ct/.nobody.old`)
})

await t.test('a pool whose name begins with a dot', async (t) => {
  const mountpoint = `/tmp/${above}-dotted`
  zfs('create', '-o', `mountpoint=${mountpoint}`, `${above}/.dotted`)
  const options = { name: 'dotted', driver: 'zfs', dataset: `${above}/.dotted` } as const
  await host.pools.install(options)
  const image = { path: busyboxImage(t), distribution: 'busybox', version: '1' }
  await host.images.import({ ...image, pool: 'dotted' })
  const one = await host.containers.create({ id: 'one', image: busybox, pool: 'dotted' })
  await one.snapshots.create('first')
  t.same(await names(one), ['first'])
  t.match(await one.datasets.list(), [{ name: '/' }])
  await one.delete()
  await host.pools.export('dotted')
  execFileSync('umount', ['-R', mountpoint])
  rmdirSync(mountpoint)
})

await t.test('a pool in a directory has none', async (t) => {
  const other = await Host.temporary()
  t.teardown(() => other.close())
  await importBusybox(t, other)
  const one = await other.containers.create({ id: 'one', image: { distribution: 'busybox' } })
  await t.rejects(one.snapshots.create('x'), { code: 'ERR_UNSUPPORTED' })
})

await t.test('all of it goes with the container', async (t) => {
  const ct = host.containers.get('web')
  const home = `${dataset}/ct/web`
  const origin = zfs('get', '-Ho', 'value', 'origin', home)
  t.ok(origin.startsWith(`${home}/`), 'it was cloned from what is below it')
  zfs('clone', '-o', 'canmount=noauto', `${home}@two`, `${dataset}/ct/.web.new`)
  t.same((await ct.delete()).leftovers, [])
  t.equal(host.containers.find('web'), null)
  t.same(
    zfs('list', '-rHo', 'name', `${dataset}/ct`)
      .split('\n')
      .filter((name) => name.includes('web')),
    [],
  )
  t.same((await host.audit()).leftovers, [])
  const trash = `${dataset}/trash`
  // What was cloned from it is there as well, and goes after it.
  await host.pools.get('tank').pruneTrash({ pauseMs: 0 })
  t.same((await host.pools.get('tank').pruneTrash({ pauseMs: 0 })).left, [])
  t.equal(zfs('list', '-rHo', 'name', trash), trash)
})
