// Lists with properties, and that they say what the zfs program says.
import { createDataset, makeSnapshots } from '../../../dist/zfs/datasets.js'
import { listDatasets } from '../../../dist/zfs/list.js'
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

const wanted = [
  ...['used', 'referenced', 'quota', 'canmount', 'mountpoint', 'org.example:a', 'origin'],
  'guid', // of 64 bits, where Lua's numbers have a sign
]

await t.test('all below one, with properties and their sources', async (t) => {
  const listed = await listDatasets(`${pool}/ct`, { properties: wanted, snapshots: true })
  const expected = zfs(
    'list',
    '-H',
    '-p',
    '-r',
    '-t',
    'filesystem,snapshot',
    '-o',
    'name',
    `${pool}/ct`,
  )
  t.same(listed.map(({ name }) => name).sort(), expected.split('\n').sort())
  const parents = listed.map(({ name }) => name).filter((name) => !name.includes('@'))
  t.same(parents, [...parents].sort(), 'parents before their children')
  for (const { name, properties } of listed) {
    for (const property of wanted) {
      const [value = '', source = ''] = zfs(
        'get',
        '-H',
        '-p',
        '-o',
        'value,source',
        property,
        name,
      ).split('\t')
      const read = properties[property]
      if (read === undefined) {
        t.equal(value, '-', `${name} has no ${property}`)
        continue
      }
      const said = property === 'quota' && read.value === 0n ? '0' : String(read.value)
      t.equal(said, value, `${property} of ${name}`)
      const from = source.replace('inherited from ', '')
      if (!['-', ''].includes(from)) t.equal(read.source, from, `source of ${property} of ${name}`)
    }
  }
})

await t.test('as deep as it is asked for', async (t) => {
  const at = async (depth: number) =>
    (await listDatasets(`${pool}/ct`, { depth })).map(({ name }) => name.slice(pool.length))
  t.same(await at(0), ['/ct'])
  t.same((await at(1)).sort(), ['/ct', '/ct/one', '/ct/two'])
  t.equal((await at(9)).length, 5)
})

await t.test('what is not there', async (t) => {
  await t.rejects(listDatasets(`${pool}/none`), { name: 'ZfsError', code: 'ENOENT' })
  await t.rejects(listDatasets('no-such-pool/none'), { name: 'ZfsError', code: 'ENOENT' })
})
