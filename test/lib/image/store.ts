// Finding, holding and deleting images, and what a store makes of what it finds on disk.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { ImageStore } from '../../../dist/image/store.js'
import { DirImages } from '../../../dist/storage/dir/dir-images.js'
import { archive, entry, openImages, scratch, testStore } from '../../helpers/image.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'tar')

function tar(t: Test, content = 'x'): string {
  const path = join(scratch(t), 'image.tar')
  writeFileSync(path, archive(entry({ name: 'file', data: content })))
  return path
}

t.test('find takes the newest that matches', async (t) => {
  const { store, pool } = await testStore(t)
  const old = await store.import({ path: tar(t, 'old'), distribution: 'debian', version: '12' })
  await sleep(5)
  const now = await store.import({ path: tar(t, 'new'), distribution: 'debian', version: '12' })
  await sleep(5)
  const other = await store.import({
    path: tar(t),
    distribution: 'debian',
    version: '13',
    vendor: 'acme',
    variant: 'small',
    source: 'there',
    arch: 'riscv64',
  })
  t.equal(store.find({ distribution: 'debian', version: '12' }), now)
  t.equal(store.find({ distribution: 'debian' }), other)
  t.equal(store.find({ vendor: 'acme' }), other)
  t.equal(store.find({ digest: old.digest }), old)
  t.equal(store.find({ id: old.id, version: undefined }), old)
  t.strictSame(store.list(), [other, now, old])
  t.strictSame(store.list({ version: '12' }), [now, old])
  t.throws(() => store.find({ distribution: 'debian', version: '11' }), {
    code: 'ERR_NOT_FOUND',
    kind: 'image',
    message: new RegExp(`debian 11.*the pool has .*${old.id}`),
  })
  t.throws(() => Object.assign(old, { version: '1' }), TypeError, 'a frozen snapshot')

  const reopened = await openImages(pool)
  t.strictSame(reopened.list(), [other, now, old])
})

t.test('delete', async (t) => {
  const using = new Map<string, string[]>()
  const { store, left, pool } = await testStore(t, (id) => using.get(id) ?? [])
  const image = await store.import({ path: tar(t), distribution: 'x', version: '1' })
  using.set(image.id, ['web1', 'web2'])
  await t.rejects(store.delete(image.id), {
    code: 'ERR_IN_USE',
    kind: 'image',
    id: image.id,
    users: ['web1', 'web2'],
  })
  using.clear()
  {
    using held = store.hold(image, 'container web3')
    using _ = store.hold(image, 'container web3')
    t.ok(held)
    await t.rejects(store.delete(image.id), {
      code: 'ERR_IN_USE',
      users: ['container web3', 'container web3'],
    })
  }
  t.strictSame(left(), [image.id])
  const both = await Promise.allSettled([store.delete(image.id), store.delete(image.id)])
  t.strictSame(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  t.strictSame(left(), [])
  t.throws(() => store.find({ id: image.id }), { code: 'ERR_NOT_FOUND', message: /has no images/ })
  t.throws(() => store.hold(image, 'x'), { code: 'ERR_NOT_FOUND' })
  await t.rejects(store.delete('../../conf'), { code: 'ERR_NOT_FOUND' })
  t.ok(readdirSync(pool))
})

t.test('one whose deletion fails at once is there as before', async (t) => {
  const { store, left } = await testStore(t)
  const image = await store.import({ path: tar(t), distribution: 'x', version: '1' })
  // Without a descriptor its new name cannot be brought to the disk.
  execFileSync('prlimit', ['--pid', String(process.pid), '--nofile=1024:'])
  const held: number[] = []
  try {
    for (;;) held.push(openSync('/dev/null', 'r'))
  } catch {
    // There are no more.
  }
  const failed = await store.delete(image.id).catch((error: unknown) => error)
  for (const fd of held) closeSync(fd)
  t.match(failed, { code: 'EMFILE' })
  t.strictSame(store.list(), [image])
  t.strictSame(left(), [image.id])
  await store.delete(image.id)
  t.strictSame(left(), [])
})

t.test('what a crash left is removed, what is broken is reported', async (t) => {
  const { store, pool, left } = await testStore(t)
  const image = await store.import({ path: tar(t), distribution: 'x', version: '1' })
  const images = join(pool, 'repository/images')
  mkdirSync(join(images, '.staging-0123/rootfs/deep'), { recursive: true })
  mkdirSync(join(images, '.deleting-0123'))
  mkdirSync(join(images, 'x-2-empty'))
  mkdirSync(join(images, 'x-3-broken'))
  writeFileSync(join(images, 'x-3-broken/image.yml'), 'distribution: x\nversion: [1\n')
  mkdirSync(join(images, 'x-4-wrong'))
  writeFileSync(join(images, 'x-4-wrong/image.yml'), 'distribution: ../x\nversion: "1"\n')

  const reopened = await openImages(pool)
  t.strictSame(
    reopened.list().map(({ id }) => id),
    [image.id],
  )
  t.strictSame(left().sort(), [image.id, 'x-2-empty', 'x-3-broken', 'x-4-wrong'])
  t.match(
    [...reopened.broken].sort((a, b) => (a.path < b.path ? -1 : 1)),
    [
      { path: join(images, 'x-2-empty'), reason: /^ENOENT: / },
      { path: join(images, 'x-3-broken'), reason: /image\.yml:3:\d+: / },
      { path: join(images, 'x-4-wrong'), reason: /image\.yml:1:1: / },
    ],
  )
})

t.test('what cannot be removed keeps nobody from the images', async (t) => {
  const { store, pool } = await testStore(t)
  const image = await store.import({ path: tar(t), distribution: 'x', version: '1' })
  const within = join(pool, 'repository/images/.deleting-0123/mountpoint')
  mkdirSync(within, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', 'none', within])
  t.teardown(() => execFileSync('umount', [within]))
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  const { id } = (await openImages(pool)).find({})
  t.equal(id, image.id)
  t.match(await warned, { code: 'VPSADMINOS_UNFINISHED', message: /deleting-0123/ })
})

/** Whose deletions wait at a gate. */
class GatedImages extends DirImages {
  gate = Promise.resolve()

  override async hide(id: string): Promise<() => Promise<void>> {
    await this.gate
    return super.hide(id)
  }
}

t.test('one is deleted while the same is imported', async (t) => {
  const pool = scratch(t)
  const storage = new GatedImages(pool)
  const none = () => []
  const store = await ImageStore.open({ storage, users: none, unknown: none })
  const what = { path: tar(t), distribution: 'x', version: '1' }
  const { id } = await store.import(what)
  let open: () => void = () => undefined
  storage.gate = new Promise((resolve) => (open = resolve))
  const deleting = store.delete(id)
  const importing = store.import(what)
  // By then it would have found the one that is there still.
  await sleep(500)
  open()
  await Promise.all([deleting, importing])
  t.strictSame(
    store.list().map((image) => image.id),
    readdirSync(join(pool, 'repository/images')),
  )
})
