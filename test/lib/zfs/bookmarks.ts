// Bookmarks, as the zfs program sees them, and sees us seeing its own.
import { destroyBookmarks, listBookmarks, makeBookmarks } from '../../../dist/zfs/bookmarks.js'
import { createDataset, destroySnapshots, makeSnapshots } from '../../../dist/zfs/datasets.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)
const [one, two] = [`${pool}/one`, `${pool}/two`] as const
for (const name of [one, two]) {
  await createDataset(name)
  await makeSnapshots([`${name}@b`])
  await makeSnapshots([`${name}@a`])
}
const theirs = (dataset: string) =>
  zfs('list', '-H', '-p', '-t', 'bookmark', '-o', 'name,guid,createtxg,creation', dataset)
    .split('\n')
    .filter(Boolean)
const ours = async (dataset: string) =>
  (await listBookmarks(dataset)).map(({ name, guid, createtxg, creation }) =>
    [name, guid, createtxg, creation.getTime() / 1000].join('\t'),
  )

await t.test('of snapshots and of bookmarks, in the order of the snapshots', async (t) => {
  t.strictSame(await listBookmarks(one), [])
  await makeBookmarks({ [`${one}#x`]: `${one}@a`, [`${one}#y`]: `${one}@b` })
  await makeBookmarks({ [`${one}#copy`]: `${one}#y` })
  zfs('bookmark', `${one}@a`, `${one}#theirs`)
  await destroySnapshots([`${one}@b`])
  const listed = await ours(one)
  t.strictSame([...listed].sort(), theirs(one).sort())
  t.strictSame(
    listed.map((line) => line.replace(/\t.*/, '')),
    ['copy', 'y', 'theirs', 'x'].map((name) => `${one}#${name}`),
    'the oldest first, although its snapshot has gone',
  )
})

await t.test('all or none, and why', async (t) => {
  await t.rejects(makeBookmarks({ [`${one}#z`]: `${one}@a`, [`${one}#x`]: `${one}@a` }), {
    name: 'ZfsError',
    code: 'EEXIST',
    syscall: 'lzc_bookmark',
    failures: [{ name: `${one}#x`, code: 'EEXIST' }],
  })
  await t.rejects(makeBookmarks({ [`${one}#z`]: `${one}@none` }), {
    code: 'ENOENT',
    failures: [{ name: `${one}#z`, code: 'ENOENT' }],
  })
  await t.rejects(makeBookmarks({ [`${one}#z`]: `${two}@a` }), {
    code: 'ZFS_ERR_BOOKMARK_SOURCE_NOT_ANCESTOR',
  })
  t.notOk((await ours(one)).some((line) => line.startsWith(`${one}#z`)))
})

await t.test('what is no name', async (t) => {
  const long = 'x'.repeat(256)
  for (const wrong of ['', one, `${one}@a`, `${one}#`, `${one}#a/b`, `${one}#${long}`, `#`]) {
    await t.rejects(makeBookmarks({ [wrong]: `${one}@a` }), { name: 'ZfsError' }, wrong)
    if (wrong === `${one}@a`) continue // that is a source
    await t.rejects(makeBookmarks({ [`${one}#z`]: wrong }), { name: 'ZfsError' }, wrong)
  }
  await t.rejects(makeBookmarks({ [`${one}#${long}`]: `${one}@a` }), {
    code: /^(ENAMETOOLONG|EINVAL)$/,
  })
  await t.rejects(makeBookmarks({ 'no-such-pool/a#z': 'no-such-pool/a@a' }), { code: 'ENOENT' })
  await t.rejects(listBookmarks(`${pool}/none`), { code: 'ENOENT' })
  await t.rejects(listBookmarks('no-such-pool'), { code: 'ENOENT' })
  await t.rejects(listBookmarks(`${one}/${long}`), { code: /^(ENAMETOOLONG|EINVAL)$/ })
  await makeBookmarks({})
})

await t.test('destroyed, as often as one likes', async (t) => {
  await destroyBookmarks([`${one}#x`, `${one}#none`])
  await destroyBookmarks([`${one}#x`])
  await destroyBookmarks([])
  t.notOk((await ours(one)).some((line) => line.startsWith(`${one}#x\t`)))
  await t.rejects(destroyBookmarks([`${one}@a`]), { name: 'ZfsError', code: 'EINVAL' })
  await t.rejects(destroyBookmarks(['no-such-pool/a#b']), { code: 'ENOENT' })
})

await t.test('who gives up does not wait', async (t) => {
  const signal = AbortSignal.abort()
  await t.rejects(makeBookmarks({ [`${one}#late`]: `${one}@a` }, { signal }), {
    name: 'AbortError',
  })
  await t.rejects(listBookmarks(one, { signal }), { name: 'AbortError' })
  t.notOk(
    (await ours(one)).some((line) => line.startsWith(`${one}#late`)),
    'nothing was begun',
  )
})
