// A full or read-only disk, and archives larger than allowed, give a typed error and leave nothing.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { archive, entry, mounted, openImages, scratch, testStore } from '../../helpers/image.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'tar')
const name = { distribution: 'x', version: '1' }
const megabyte = 1024 * 1024

t.test('more than is free is refused before it is written', async (t) => {
  const pool = mounted(t, '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs')
  const path = join(scratch(t), 'image.tar')
  writeFileSync(path, archive(entry({ name: 'big', data: Buffer.alloc(8 * megabyte) })))
  const store = await openImages(pool)
  await t.rejects(store.import({ path, ...name }), { code: 'ERR_POOL_FULL', path: pool })
  t.strictSame(readdirSync(join(pool, 'repository/images')), [])
})

t.test('the disk becomes full while tar writes', async (t) => {
  // One block for each tiny file: more on the disk than the archive says.
  const pool = mounted(t, '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs')
  const files = Array.from({ length: 1000 }, (_, i) => entry({ name: `f${i}`, data: 'x' }))
  const path = join(scratch(t), 'image.tar')
  writeFileSync(path, archive(...files))
  const store = await openImages(pool)
  await t.rejects(store.import({ path, ...name }), { code: 'ERR_POOL_FULL', path: pool })
  t.strictSame(readdirSync(join(pool, 'repository/images')), [])
  const { bfree, blocks } = statfsSync(pool)
  t.ok(bfree > blocks * 0.9, 'all of it is free again')
})

t.test('no inodes left', async (t) => {
  const pool = mounted(t, '-t', 'tmpfs', '-o', 'size=8m,nr_inodes=100', 'tmpfs')
  const files = Array.from({ length: 300 }, (_, i) => entry({ name: `f${i}` }))
  const path = join(scratch(t), 'image.tar')
  writeFileSync(path, archive(...files))
  const store = await openImages(pool)
  await t.rejects(store.import({ path, ...name }), { code: 'ERR_POOL_FULL', path: pool })
  t.strictSame(readdirSync(join(pool, 'repository/images')), [])
})

t.test('read-only pool', async (t) => {
  const pool = mounted(t, '-t', 'tmpfs', 'tmpfs')
  const path = join(scratch(t), 'image.tar')
  writeFileSync(path, archive(entry({ name: 'file', data: 'x' })))
  const writable = await openImages(pool)
  const image = await writable.import({ path, ...name })
  mkdirSync(join(pool, 'repository/images/.staging-left'))
  execFileSync('mount', ['-o', 'remount,ro', pool])

  const store = await openImages(pool)
  t.equal(store.find(name).id, image.id, 'what is there can be used')
  const other = { path, distribution: 'y', version: '1' }
  await t.rejects(store.import(other), { code: 'ERR_POOL_READ_ONLY', path: pool })
  await t.rejects(store.delete(image.id), { code: 'ERR_POOL_READ_ONLY' })
  t.equal(store.find(name).id, image.id, 'and is still there')
})

t.test('limits', async (t) => {
  const { store, left } = await testStore(t)
  const path = join(scratch(t), 'image.tar')
  writeFileSync(path, archive(...Array.from({ length: 20 }, (_, i) => entry({ name: `f${i}` }))))
  await t.rejects(store.import({ path, ...name, maxEntries: 19 }), {
    code: 'ERR_IMAGE_LIMIT',
    limit: 'entries',
    allowed: 19,
  })
  writeFileSync(path, archive(entry({ name: 'file', size: 2 ** 32, data: 'x' })))
  await t.rejects(store.import({ path, ...name, maxSize: megabyte }), {
    code: 'ERR_IMAGE_LIMIT',
    limit: 'size',
    allowed: megabyte,
  })
  // A bomb: small as a file, and it does not even say how long it is.
  writeFileSync(
    path,
    gzipSync(Buffer.concat([archive(entry({ name: 'f' })), Buffer.alloc(64 * megabyte)])),
  )
  await t.rejects(store.import({ path, ...name, maxSize: megabyte }), {
    code: 'ERR_IMAGE_LIMIT',
    limit: 'size',
  })
  for (const bad of [{ maxEntries: 0 }, { maxEntries: -1 }, { maxSize: 1.5 }, { maxSize: NaN }]) {
    await t.rejects(store.import({ path, ...name, ...bad }), { code: 'ERR_INVALID_ARGUMENT' })
  }
  t.strictSame(left(), [])
})
