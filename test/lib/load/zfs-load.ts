// What ZFS tells of itself, from files as its kernel module writes them; what vanishes meanwhile, and what is none
// of that.
import t from 'tap'
import { readCaches, readDatasets, requestsBelow, zpools } from '../../../dist/load/zfs-load.js'

const values = (lines: readonly (readonly [string, number, unknown])[]) =>
  [
    '13 1 0x01 147 39984 4286829137 1135012733451',
    'name                            type data',
    ...lines.map(
      ([name, type, data]) => `${name.padEnd(31)} ${String(type).padEnd(4)} ${String(data)}`,
    ),
    '',
  ].join('\n')
const ARC = [
  ['hits', 4, 1000],
  ['misses', 4, 10],
  ['c', 4, 5000],
  ['c_max', 4, 9000],
  ['size', 4, 4000],
  ['l2_hits', 4, 3],
  ['l2_misses', 4, 4],
  ['l2_size', 4, 5],
  ['l2_asize', 4, 6],
  ['memory_available_bytes', 3, -12],
] as const
const objset = (name: string, nread: unknown) =>
  values([
    ['dataset_name', 7, name],
    ['writes', 4, 1],
    ['nwritten', 4, 2],
    ['reads', 4, 3],
    ['nread', 4, nread],
    ['nunlinks', 4, 0],
  ])
const one = (readBytes: number) => ({ readBytes, writtenBytes: 2, reads: 3, writes: 1 })

await t.test('its caches, and its datasets by name', async (t) => {
  const root = t.testdir({
    arcstats: values(ARC),
    tank: {
      state: 'ONLINE\n',
      'objset-0x36': objset('tank/ct/web 1', 100),
      'objset-0x37': objset('tank/ct/web 1/data', 10),
      'objset-0xa': objset('tank/conf', 7),
    },
    other: { 'objset-0x1': objset('other', 1) },
  })
  t.same(await readCaches(root), {
    arc: { cMax: 9000, c: 5000, size: 4000, hits: 1000, misses: 10 },
    l2arc: { size: 5, asize: 6, hits: 3, misses: 4 },
  })
  t.same((await zpools(root)).sort(), ['other', 'tank'])
  const found = await readDatasets(['tank', 'exported'], root)
  t.same(
    new Map([...found].sort()),
    new Map([
      ['tank/conf', one(7)],
      ['tank/ct/web 1', one(100)],
      ['tank/ct/web 1/data', one(10)],
    ]),
  )
  const below = requestsBelow(new Set(['tank/ct/web 1', 'tank/ct/web']), found)
  t.same([...below], [['tank/ct/web 1', { readBytes: 110, writtenBytes: 4, reads: 6, writes: 2 }]])
})

await t.test('where there is no ZFS', async (t) => {
  const root = `${t.testdir()}/none`
  t.equal(await readCaches(root), null)
  t.same(await zpools(root), [])
  t.same((await readDatasets(['tank'], root)).size, 0)
})

await t.test('anything else is told', async (t) => {
  const wrong = [
    '',
    'hits 4 1\n',
    values(ARC.slice(1)),
    values([...ARC, ['more', 4, 'x']]),
    values([...ARC, ['more', 9, 1]]),
    values(ARC).replace(' 1 0x', ' 2 0x'),
    values(ARC).slice(0, -100),
    values([...ARC, ['much', 7, 'x'.repeat(70_000)]]),
  ]
  for (const [index, text] of wrong.entries()) {
    const root = t.testdir({ [`of${index}`]: { arcstats: text } })
    await t.rejects(
      readCaches(`${root}/of${index}`),
      { code: 'ERR_UNSUPPORTED', message: /arcstats/ },
      text.slice(0, 200),
    )
  }
  const root = t.testdir({
    tank: { 'objset-0x1': objset('tank', -1).replace('dataset_name', 'name') },
  })
  await t.rejects(readDatasets(['tank'], root), { message: /no text 'dataset_name'/ })
})
