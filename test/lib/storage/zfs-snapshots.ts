// Snapshots of containers on ZFS: made of one and of many at the same moment, and rolled back to, also where
// there are newer ones, which stay.
import { Host, type Container } from 'vpsadminos'
import { importBusybox, startedContainer, temporaryHost } from '../../helpers/host.js'
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
  t.same(all.sort(), ['one', 'three', 'two'])
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
  t.same((await ct.delete()).leftovers, [])
  t.equal(host.containers.find('web'), null)
  t.throws(() => zfs('list', `${dataset}/ct/web`))
})
