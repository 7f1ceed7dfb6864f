// Filesystems, clones and snapshots, as the zfs program sees them afterwards.
import {
  cloneSnapshot,
  createDataset,
  datasetExists,
  destroyDataset,
  destroySnapshots,
  inheritProperty,
  makeSnapshots,
  promoteClone,
  renameDataset,
  rollbackDataset,
  setProperties,
} from '../../../dist/zfs/datasets.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const pool = testPool(t)
const names = (...more: string[]) => zfs('list', '-H', '-o', 'name', '-r', ...more).split('\n')
const get = (name: string, property: string) =>
  zfs('get', '-H', '-o', 'value,source', property, name)

await t.test('created with properties, which can be changed and taken back', async (t) => {
  const name = `${pool}/one`
  await createDataset(name, {
    canmount: 'noauto',
    mountpoint: '/nowhere',
    quota: 64 * 2 ** 20,
    compression: 'lz4',
    atime: false,
    'org.vpsadminos.osctl:active': 'yes',
  })
  t.equal(get(name, 'canmount'), 'noauto\tlocal')
  t.equal(get(name, 'mountpoint'), '/nowhere\tlocal')
  t.equal(get(name, 'quota'), '64M\tlocal')
  t.equal(get(name, 'compression'), 'lz4\tlocal')
  t.equal(get(name, 'atime'), 'off\tlocal')
  t.equal(get(name, 'org.vpsadminos.osctl:active'), 'yes\tlocal')
  const algorithms = ['on', 'off', 'lzjb', 'zle', 'lz4', 'gzip', 'gzip-1', 'gzip-9']
  const fast = [2, 9, 10, 20, 90, 100, 500, 1000].map((level) => `zstd-fast-${level}`)
  for (const compression of [...algorithms, 'zstd-1', 'zstd-3', 'zstd-19', 'zstd-fast', ...fast]) {
    await setProperties(name, { compression })
    t.equal(get(name, 'compression'), `${compression}\tlocal`)
  }
  await setProperties(name, { quota: 'none', compression: 'zstd', 'org.example:a': 'b c' })
  t.equal(get(name, 'quota'), 'none\tlocal')
  t.equal(get(name, 'compression'), 'zstd\tlocal')
  t.equal(get(name, 'org.example:a'), 'b c\tlocal')
  await inheritProperty(name, 'atime')
  await inheritProperty(name, 'org.example:a')
  t.equal(get(name, 'atime'), 'on\tdefault')
  t.equal(get(name, 'org.example:a'), '-\t-')
})

await t.test('what is refused says of what, and why', async (t) => {
  const name = `${pool}/one`
  await t.rejects(createDataset(name), {
    name: 'ZfsError',
    code: 'EEXIST',
    syscall: 'lzc_create',
    path: name,
  })
  await t.rejects(createDataset(`${pool}/a/b`), { code: 'ENOENT' })
  await t.rejects(createDataset('no-such-pool/a'), { code: 'ENOENT' })
  await t.rejects(createDataset(`${pool}/${'x'.repeat(256)}`), { code: /^(ENAMETOOLONG|EINVAL)$/ })
  await t.rejects(createDataset(`${pool}/b/`), { code: 'EINVAL' })
  await t.rejects(setProperties(`${pool}/none`, { quota: 1 }), { code: 'ENOENT' })
  for (const wrong of [
    { recordsize: 1000 },
    { canmount: 'maybe' },
    { quota: -1 },
    { nonsense: 'x' },
    { 'a:b': 1 },
  ]) {
    await t.rejects(createDataset(`${pool}/x`, wrong), { code: 'ERR_INVALID_ARGUMENT' })
  }
  t.notOk(await datasetExists(`${pool}/x`))
})

await t.test('snapshots of the same moment, clones, rollback', async (t) => {
  const [one, two, clone] = [`${pool}/one`, `${pool}/two`, `${pool}/clone`] as const
  await createDataset(two)
  await makeSnapshots([`${one}@a`, `${two}@a`], { 'org.example:why': 'test' })
  t.equal(
    zfs('get', '-H', '-o', 'value', 'createtxg', `${one}@a`),
    zfs('get', '-H', '-o', 'value', 'createtxg', `${two}@a`),
  )
  t.equal(get(`${one}@a`, 'org.example:why'), 'test\tlocal')
  await t.rejects(makeSnapshots([`${one}@b`, `${two}@a`]), {
    code: 'EEXIST',
    failures: [{ name: `${two}@a`, code: 'EEXIST' }],
  })
  t.notOk(await datasetExists(`${one}@b`), 'all or none')

  await cloneSnapshot(`${one}@a`, clone, { canmount: 'noauto' })
  t.equal(zfs('get', '-H', '-o', 'value', 'origin', clone), `${one}@a`)
  await t.rejects(destroySnapshots([`${one}@a`]), {
    code: 'EEXIST',
    failures: [{ name: `${one}@a`, code: 'EEXIST' }],
  })
  await destroySnapshots([`${one}@a`, `${one}@none`], { defer: true })
  t.ok(await datasetExists(`${one}@a`), 'it has a clone')
  await destroyDataset(clone)
  t.notOk(await datasetExists(`${one}@a`), 'and has none any more')

  await makeSnapshots([`${two}@b`])
  await t.rejects(rollbackDataset(two, `${two}@a`), { code: 'EEXIST' })
  await rollbackDataset(two, `${two}@b`)

  // To one that is not the newest, with nothing lost.
  await cloneSnapshot(`${two}@a`, clone)
  await promoteClone(clone)
  t.equal(zfs('get', '-H', '-o', 'value', 'origin', two), `${clone}@a`)
  await makeSnapshots([`${two}@a`])
  await t.rejects(promoteClone(two), { code: 'EEXIST', detail: 'a' })
  await renameDataset(two, `${pool}/three`)
  t.same(names('-t', 'all', clone, `${pool}/three`).sort(), [
    clone,
    `${clone}@a`,
    `${pool}/three`,
    `${pool}/three@a`,
    `${pool}/three@b`,
  ])
  await t.rejects(destroyDataset(`${pool}/three`), { code: 'EBUSY' }, 'it has snapshots')
})

await t.test('who gives up does not wait', async (t) => {
  await t.rejects(createDataset(`${pool}/late`, {}, { signal: AbortSignal.abort() }), {
    name: 'AbortError',
  })
  t.notOk(await datasetExists(`${pool}/late`), 'aborted before, nothing was begun')
})
