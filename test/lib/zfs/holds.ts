// Holds, as the zfs program sees them, and sees us seeing its own.
import {
  createDataset,
  datasetExists,
  destroySnapshots,
  makeSnapshots,
} from '../../../dist/zfs/datasets.js'
import { holdSnapshots, listHolds, releaseAll, releaseSnapshots } from '../../../dist/zfs/holds.js'
import type { ZfsError } from '../../../dist/zfs/zfs-error.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)
const [one, two] = [`${pool}/one`, `${pool}/two`] as const
for (const name of [one, two]) await createDataset(name)
await makeSnapshots([`${one}@a`, `${two}@a`])
const [a, b] = [`${one}@a`, `${two}@a`] as const
const theirs = (...names: string[]) =>
  zfs('holds', '-H', ...names)
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t').slice(0, 2).join(' '))
    .sort()
const tags = async (name: string) => (await listHolds(name)).map(({ tag }) => tag)

await t.test('held, they stay', async (t) => {
  t.strictSame(await listHolds(a), [])
  const before = Math.floor(Date.now() / 1000) * 1000
  await holdSnapshots('send', [a, b])
  await holdSnapshots('clone', [a])
  zfs('hold', 'theirs', a)
  t.strictSame(await tags(a), ['clone', 'send', 'theirs'])
  t.strictSame(theirs(a, b), [`${a} clone`, `${a} send`, `${a} theirs`, `${b} send`])
  for (const { since } of await listHolds(a)) {
    t.ok(since.getTime() >= before && since.getTime() <= Date.now(), since.toISOString())
  }
  await t.rejects(destroySnapshots([a]), {
    code: 'EBUSY',
    failures: [{ name: a, code: 'EBUSY' }],
  })
})

await t.test('one that is not there is an error, and the others are held', async (t) => {
  await t.rejects(holdSnapshots('partly', [a, `${one}@none`]), {
    name: 'ZfsError',
    code: 'ENOENT',
    syscall: 'lzc_hold',
    failures: [{ name: `${one}@none`, code: 'ENOENT' }],
  })
  t.strictSame(theirs(a), [`${a} clone`, `${a} partly`, `${a} send`, `${a} theirs`])
  await t.rejects(holdSnapshots('none', [`${one}@none`]), { code: 'ENOENT' })
})

await t.test('one that is held by this tag: none is held', async (t) => {
  await t.rejects(holdSnapshots('clone', [b, a]), {
    code: 'EEXIST',
    failures: [{ name: a, code: 'EEXIST' }],
  })
  t.strictSame(await tags(b), ['send'])
})

await t.test('released; the last one lets a destruction happen', async (t) => {
  const some = [a, b, `${one}@none`]
  const error = await releaseSnapshots('clone', some).catch((error: unknown) => error)
  t.match(error, { name: 'ZfsError', code: 'ENOENT', syscall: 'lzc_release' })
  const { failures } = error as ZfsError
  t.strictSame(
    failures.map(({ name, code }) => `${name} ${code}`).sort(),
    [`${one}@none ENOENT`, `${b}#clone ENOENT`].sort(),
  )
  t.strictSame(await tags(a), ['partly', 'send', 'theirs'], 'the others are')
  await releaseSnapshots('partly', [a])
  zfs('release', 'theirs', a)
  await destroySnapshots([a], { defer: true })
  t.ok(await datasetExists(a))
  await releaseSnapshots('send', [a, b])
  t.notOk(await datasetExists(a))
  await t.rejects(releaseSnapshots('send', [b]), { code: 'ENOENT' })
})

await t.test('what is no snapshot, no pool or no tag', async (t) => {
  const long = 'x'.repeat(257)
  await t.rejects(holdSnapshots(long, [b]), { code: /^(E2BIG|ENAMETOOLONG|EINVAL)$/ })
  await t.rejects(releaseSnapshots(long, [b]), { name: 'ZfsError' })
  for (const wrong of [two, `${two}#a`, '@', `${two}@${long}`, `${two}@a/b`]) {
    await t.rejects(holdSnapshots('tag', [wrong]), { name: 'ZfsError' }, wrong)
    await t.rejects(releaseSnapshots('tag', [wrong]), { name: 'ZfsError' }, wrong)
    if (wrong !== two) await t.rejects(listHolds(wrong), { name: 'ZfsError' }, wrong)
  }
  await t.rejects(holdSnapshots('tag', ['no-such-pool/a@b']), { code: 'ENOENT' })
  await t.rejects(listHolds('no-such-pool/a@b'), { code: 'ENOENT' })
  await t.rejects(listHolds(`${two}@none`), { code: 'ENOENT' })
  await holdSnapshots('tag', [])
  await releaseSnapshots('tag', [])
  t.strictSame(await tags(b), [])
})

await t.test('who gives up does not wait', async (t) => {
  const signal = AbortSignal.abort()
  await t.rejects(holdSnapshots('late', [b], { signal }), { name: 'AbortError' })
  t.strictSame(await tags(b), [], 'aborted before, nothing was begun')
})

await t.test('all of them, of many snapshots', async (t) => {
  const snapshots = [`${one}@many`, `${two}@many`]
  await makeSnapshots(snapshots)
  for (const tag of ['a', 'b', 'c']) await holdSnapshots(tag, snapshots)
  await releaseAll([...snapshots, `${one}@none`])
  for (const name of snapshots) t.strictSame(await tags(name), [])
  await destroySnapshots(snapshots)
})
