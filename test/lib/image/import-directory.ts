// A directory is imported as an archive of it would be, and always gets the same digest.
import { execFileSync } from 'node:child_process'
import { linkSync, lstatSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { chmodSync, chownSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { mounted, scratch, testStore } from '../../helpers/image.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'tar')

t.test('content and digest', async (t) => {
  const tree = scratch(t)
  mkdirSync(join(tree, 'etc'))
  writeFileSync(join(tree, 'etc/passwd'), 'root')
  chownSync(join(tree, 'etc/passwd'), 1, 2)
  linkSync(join(tree, 'etc/passwd'), join(tree, 'etc/passwd-'))
  symlinkSync('/etc', join(tree, 'absolute'))
  writeFileSync(join(tree, 'holes'), 'x')
  truncateSync(join(tree, 'holes'), 2_000_000)
  const server = createServer().listen(join(tree, 'socket'))
  await once(server, 'listening')

  chmodSync(tree, 0o700)

  const { store } = await testStore(t)
  const image = await store.import({ path: tree, distribution: 'dir', version: '1' })
  t.equal(lstatSync(image.root).mode & 0o777, 0o755, 'users who are not root can go through')
  t.match(lstatSync(join(image.root, 'etc/passwd')), { uid: 1, gid: 2, nlink: 2 })
  t.ok(lstatSync(join(image.root, 'absolute')).isSymbolicLink())
  t.ok(lstatSync(join(image.root, 'holes')).blocks < 100)
  t.throws(
    () => lstatSync(join(image.root, 'socket')),
    { code: 'ENOENT' },
    'sockets are left behind',
  )

  const again = await (
    await testStore(t)
  ).store.import({ path: tree, distribution: 'dir', version: '1' })
  t.equal(again.digest, image.digest)
  writeFileSync(join(tree, 'new'), '')
  t.not(
    (await store.import({ path: tree, distribution: 'dir', version: '1' })).digest,
    image.digest,
  )
  server.close()
})

t.test('other filesystems in it are left out', async (t) => {
  const tree = mounted(t, '-t', 'tmpfs', 'tmpfs')
  mkdirSync(join(tree, 'proc'))
  execFileSync('mount', ['-t', 'proc', 'proc', join(tree, 'proc')])
  t.teardown(() => execFileSync('umount', [join(tree, 'proc')]))
  writeFileSync(join(tree, 'file'), '')
  const { store } = await testStore(t)
  const image = await store.import({ path: tree, distribution: 'dir', version: '1' })
  t.equal(image.entries, 2)
})

t.test('a directory with the pool in it', async (t) => {
  const { store, pool } = await testStore(t)
  for (const path of [pool, join(pool, '..')]) {
    await t.rejects(store.import({ path, distribution: 'dir', version: '1' }), {
      code: 'ERR_IMAGE_SOURCE',
      reason: /the pool/,
    })
  }
})
