// Lists with properties, and that they say what the zfs program says.
import { execFileSync } from 'node:child_process'
import type { Test } from 'tap'
import {
  cloneSnapshot,
  createDataset,
  destroyDataset,
  makeSnapshots,
  setProperties,
} from '../../../dist/zfs/datasets.js'
import { listDatasets } from '../../../dist/zfs/list.js'
import { Vocabulary } from '../../../dist/zfs/vocabulary.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)
await createDataset(`${pool}/ct`, { 'org.example:a': 'yes' })
for (const id of ['one', 'two']) {
  await createDataset(`${pool}/ct/${id}`, { quota: 2 ** 26, canmount: 'noauto' })
  await createDataset(`${pool}/ct/${id}/private`)
}
await makeSnapshots([`${pool}/ct/one@a`, `${pool}/ct/two@a`])
const set = { compression: 'zstd-7', mountpoint: '/nowhere', recordsize: 2 ** 16, atime: 'off' }
await createDataset(`${pool}/ct/set`, { ...set, canmount: 'off', xattr: 'sa', refquota: 2 ** 25 })
await createDataset(`${pool}/ct/set/below`, { canmount: 'noauto', compression: 'gzip' })
await cloneSnapshot(`${pool}/ct/one@a`, `${pool}/ct/set/clone`, { canmount: 'off' })
zfs('create', '-s', '-V', '16M', `${pool}/ct/volume`)

const wanted = [
  ...['used', 'referenced', 'quota', 'canmount', 'mountpoint', 'org.example:a', 'origin'],
  'guid', // of 64 bits, where Lua's numbers have a sign
  ...['compression', 'recordsize', 'atime', 'xattr', 'refquota', 'reservation', 'type', 'creation'],
  ...['readonly', 'snapdir', 'copies', 'checksum', 'volsize', 'createtxg', 'snapshot_limit'],
]

async function compare(t: Test): Promise<void> {
  const listed = await listDatasets(`${pool}/ct`, { properties: wanted, snapshots: true })
  const names = zfs('list', '-Hpr', '-t', 'all', '-o', 'name', `${pool}/ct`).split('\n')
  t.same(listed.map(({ name }) => name).sort(), names.sort())
  const parents = listed.map(({ name }) => name).filter((name) => !name.includes('@'))
  t.same(parents, [...parents].sort(), 'parents before their children')
  const said = new Map(
    zfs('get', '-Hp', '-o', 'name,property,value,source', wanted.join(), ...names)
      .split('\n')
      .map((line) => line.split('\t'))
      .map(([name, property, ...rest]) => [`${property} of ${name}`, rest]),
  )
  for (const { name, properties } of listed) {
    for (const property of wanted) {
      const [value = '', source = ''] = said.get(`${property} of ${name}`) ?? []
      const read = properties[property]
      if (read === undefined) {
        t.equal(value, '-', `${name} has no ${property}`)
        continue
      }
      t.equal(
        String(read.value).replace(/^18446744073709551615$/, 'none'),
        value,
        `${property} of ${name}`,
      )
      const from = source.replace('inherited from ', '')
      if (!['-', ''].includes(from)) t.equal(read.source, from, `source of ${property} of ${name}`)
    }
  }
}

await t.test('all below one, with properties and their sources', compare)

await t.test('again, when it is known what the kernel calls them', async (t) => {
  zfs('set', 'compression=zstd-fast-5', 'atime=on', 'quota=none', `${pool}/ct/one`)
  zfs('inherit', 'recordsize', `${pool}/ct/set`)
  await compare(t)
})

await t.test('names and user properties alone', async (t) => {
  const listed = await listDatasets(`${pool}/ct`, {
    properties: ['org.example:a'],
    snapshots: true,
  })
  t.equal(listed.length, 11)
  t.ok(listed.every(({ properties }) => properties['org.example:a']?.value === 'yes'))
  t.same(
    (await listDatasets(`${pool}/ct`, { snapshots: true })).map(({ name }) => name),
    listed.map(({ name }) => name),
  )
  const sources = new Set(listed.map(({ properties }) => properties['org.example:a']?.source))
  t.same(sources, new Set(['local', `${pool}/ct`]))
})

await t.test('what ceased to be while it was read is none of others', async (t) => {
  const vocabulary = new Vocabulary()
  const read = async (name: string) => {
    const raw = { value: `${pool}/ct/one@a`, source: null }
    return vocabulary.read(pool, [{ name, kind: 'filesystem', property: 'origin', raw }], {})
  }
  t.same(await read(`${pool}/ct/one`), [null], 'it has none, as after a promotion')
  t.match(await read(`${pool}/ct/set/clone`), [{ value: `${pool}/ct/one@a` }])
  t.same(await read(`${pool}/ct/gone`), [{ value: `${pool}/ct/one@a`, source: null }])
})

await t.test('a volume that has not come wholly says nothing of filesystems', async (t) => {
  const half = `${pool}/half`
  zfs('create', '-s', '-V', '16M', `${pool}/source`)
  zfs('snapshot', `${pool}/source@a`)
  const cut = `zfs send ${pool}/source@a | head -c 2000 | zfs receive -s ${half}`
  t.throws(() => execFileSync('sh', ['-c', `${cut} 2>&1`]))
  t.equal(zfs('get', '-Ho', 'value', 'type', half), 'volume')
  // One that nobody has asked for yet.
  const properties = ['snapshot_limit', 'filesystem_limit', 'refquota', 'quota']
  await listDatasets(half, { properties })
  zfs('create', '-u', '-o', 'refquota=4M', `${pool}/after`)
  const [after] = await listDatasets(`${pool}/after`, { properties: ['refquota'] })
  t.equal(after?.properties['refquota']?.value, 2n ** 22n)
  for (const name of ['after', 'source']) zfs('destroy', '-r', `${pool}/${name}`)
  zfs('receive', '-A', half)
})

await t.test('more user properties than a list has room for', async (t) => {
  const much = `${pool}/much`
  await createDataset(much, { canmount: 'off', quota: 2 ** 27 })
  const text = 'x'.repeat(8000)
  for (let count = 0; count < 600; count += 200) {
    const some = Array.from({ length: 200 }, (_, index) => [`org.example:${count + index}`, text])
    await setProperties(much, Object.fromEntries(some) as Record<string, string>)
  }
  const [found] = await listDatasets(much, { properties: ['quota', 'used', 'canmount'] })
  t.match(found?.properties, {
    quota: { value: 2n ** 27n, source: 'local' },
    canmount: { value: 'off', source: 'local' },
  })
  t.type(found?.properties['used']?.value, 'bigint')
  zfs('destroy', much)
})

await t.test('more than a program has room for at first', async (t) => {
  const text = 'x'.repeat(8000)
  for (let index = 0; index < 60; index++) {
    await createDataset(`${pool}/many${index}`, {
      canmount: 'off',
      'org.example:text': text + index,
    })
  }
  const listed = await listDatasets(pool, { depth: 1, properties: ['org.example:text'] })
  const texts = listed.flatMap(({ properties }) => properties['org.example:text']?.value ?? [])
  t.same(new Set(texts), new Set(Array.from({ length: 60 }, (_, index) => text + index)))
})

await t.test('what goes while it is read is left out', async (t) => {
  const going = (async () => {
    for (let index = 0; index < 60; index++) await destroyDataset(`${pool}/many${index}`)
  })()
  let [reads, gone] = [0, false]
  void going.then(() => (gone = true))
  while (!gone) {
    const listed = await listDatasets(pool, { depth: 1, properties: ['used', 'type'] })
    t.ok(listed.some(({ name }) => name === `${pool}/ct`))
    t.ok(listed.every(({ properties }) => properties['used'] !== undefined))
    reads++
  }
  await going
  t.ok(reads > 1, `read ${reads} times`)
  t.equal((await listDatasets(pool, { depth: 1, properties: ['used'] })).length, 2)
})

await t.test('as deep as it is asked for', async (t) => {
  const at = async (depth: number) =>
    (await listDatasets(`${pool}/ct`, { depth })).map(({ name }) => name.slice(pool.length))
  t.same(await at(0), ['/ct'])
  t.same((await at(1)).sort(), ['/ct', '/ct/one', '/ct/set', '/ct/two', '/ct/volume'])
  t.equal((await at(9)).length, 9)
  const one = { depth: 0, properties: ['used'] }
  t.same(
    (await listDatasets(`${pool}/ct`, one)).map(({ name }) => name),
    [`${pool}/ct`],
  )
})

await t.test('what is not there', async (t) => {
  await t.rejects(listDatasets(`${pool}/none`), { name: 'ZfsError', code: 'ENOENT' })
  await t.rejects(listDatasets('no-such-pool/none'), { name: 'ZfsError', code: 'ENOENT' })
  const properties = ['used']
  await t.rejects(listDatasets(`${pool}/none`, { properties }), {
    name: 'ZfsError',
    code: 'ENOENT',
  })
  await t.rejects(listDatasets('no-such-pool/none', { properties }), { code: 'ENOENT' })
  await t.rejects(listDatasets(pool + '/x'.repeat(3000), { properties }), { code: 'ENAMETOOLONG' })
})

await t.test('names as long as they can be', async (t) => {
  const long = `${pool}/long`
  await createDataset(long)
  const names = [253, 254, 255].map((length) => `${long}/${'l'.repeat(length - long.length - 1)}`)
  for (const name of names) await createDataset(name, { canmount: 'off' })
  await makeSnapshots([`${names[0]}@s`])
  const all = [long, names[0], `${names[0]}@s`, ...names.slice(1)]
  for (const properties of [[], ['used']]) {
    const listed = await listDatasets(long, { properties, snapshots: true })
    t.same(listed.map(({ name }) => name).sort(), all.sort())
  }
})
