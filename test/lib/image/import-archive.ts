// A rootfs comes out of an archive as it went in, however it is compressed and whatever its name.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { linkSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs'
import { chownSync, chmodSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { arch } from 'node:process'
import { scratch, testStore } from '../../helpers/image.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'tar', 'xz', 'zstd', 'setfattr')

// A capability set as setcap writes it: binary, with zero bytes.
const capability = '0x0100000200200000000000000000000000000000'

function makeTree(root: string): void {
  mkdirSync(join(root, 'bin'))
  mkdirSync(join(root, 'dev'))
  mkdirSync(join(root, 'tmp'))
  chmodSync(join(root, 'tmp'), 0o1777)
  writeFileSync(join(root, 'bin/su'), 'su')
  chmodSync(join(root, 'bin/su'), 0o4755)
  writeFileSync(join(root, 'bin/ping'), 'ping')
  execFileSync('setfattr', ['-n', 'security.capability', '-v', capability, join(root, 'bin/ping')])
  execFileSync('setfattr', ['-n', 'user.note', '-v', 'kept', join(root, 'bin/ping')])
  execFileSync('setfattr', ['-n', 'trusted.overlay.opaque', '-v', 'y', join(root, 'bin')])
  writeFileSync(join(root, 'mail'), 'mail')
  chownSync(join(root, 'mail'), 8, 12345)
  linkSync(join(root, 'mail'), join(root, 'letter'))
  symlinkSync('/etc/hostname', join(root, 'name'))
  execFileSync('mknod', [join(root, 'dev/null'), 'c', '1', '3'])
  execFileSync('mkfifo', [join(root, 'fifo')])
  writeFileSync(join(root, 'holes'), 'begin')
  truncateSync(join(root, 'holes'), 8 * 1024 * 1024)
}

function attribute(path: string, name: string): string {
  return execFileSync('getfattr', ['--absolute-names', '--only-values', '-n', name, path], {
    stdio: 'pipe',
  }).toString('hex')
}

t.test('every compression, told by content', async (t) => {
  const tree = scratch(t)
  chmodSync(tree, 0o755)
  makeTree(tree)
  const { store, pool } = await testStore(t)
  for (const [format, flag] of [
    ['plain', '--no-auto-compress'],
    ['gzip', '--gzip'],
    ['xz', '--xz'],
    ['zstd', '--zstd'],
  ] as const) {
    const path = join(scratch(t), 'image.misnamed')
    const args = ['--format=posix', '--sparse', '--xattrs', '--xattrs-include=*', '-C', tree, '.']
    execFileSync('tar', ['-cf', path, flag, ...args])
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')

    const image = await store.import({
      path,
      distribution: 'test',
      version: format,
      digest: sha256,
    })
    t.equal(image.digest, sha256, `${format}: digest is that of sha256sum`)
    t.match(image, { source: 'local', vendor: 'default', variant: 'default', entries: 11 })
    t.equal(image.arch, arch === 'x64' ? 'x86_64' : 'aarch64')
    t.ok(image.root.startsWith(join(pool, 'repository/images', image.id)))

    const at = (name: string): string => join(image.root, name)
    t.equal(lstatSync(at('bin/su')).mode & 0o7777, 0o4755)
    t.equal(lstatSync(at('tmp')).mode & 0o7777, 0o1777)
    t.match(lstatSync(at('mail')), { uid: 8, gid: 12345, nlink: 2 })
    t.equal(lstatSync(at('mail')).ino, lstatSync(at('letter')).ino)
    t.equal(readlinkSync(at('name')), '/etc/hostname')
    t.equal(lstatSync(at('dev/null')).rdev, (1 << 8) | 3)
    t.ok(lstatSync(at('fifo')).isFIFO())
    t.equal(lstatSync(at('holes')).size, 8 * 1024 * 1024)
    t.ok(lstatSync(at('holes')).blocks * 512 < 1024 * 1024, 'holes stay holes')
    t.equal(attribute(at('bin/ping'), 'security.capability'), capability.slice(2))
    t.equal(attribute(at('bin/ping'), 'user.note'), Buffer.from('kept').toString('hex'))
    t.throws(
      () => attribute(at('bin'), 'trusted.overlay.opaque'),
      'overlay never sees its own marks',
    )
    t.equal(lstatSync(join(image.root, '..')).mode & 0o777, 0o700)
  }
  t.equal(store.list().length, 4)
})

t.test('the same again is the same image', async (t) => {
  const tree = scratch(t)
  makeTree(tree)
  const path = join(scratch(t), 'image.tar')
  execFileSync('tar', ['-cf', path, '-C', tree, '.'])
  const { store, left } = await testStore(t)
  const first = await store.import({ path, distribution: 'test', version: '1' })
  t.equal(await store.import({ path, distribution: 'test', version: '1' }), first)
  const [one, two] = await Promise.all([
    store.import({ path, distribution: 'test', version: '2' }),
    store.import({ path, distribution: 'test', version: '2' }),
  ])
  t.equal(one.id, two.id)
  t.not(one.id, first.id)
  t.strictSame(left().sort(), [first.id, one.id].sort())
})

t.test('a digest that does not match', async (t) => {
  const { store, left } = await testStore(t)
  const path = join(scratch(t), 'image.tar')
  execFileSync('tar', ['-cf', path, '-C', scratch(t), '--transform=s,.,x,', '.'])
  await t.rejects(
    store.import({ path, distribution: 'test', version: '1', digest: '0'.repeat(64) }),
    { code: 'ERR_IMAGE_DIGEST', expected: '0'.repeat(64), actual: /^[0-9a-f]{64}$/ },
  )
  t.strictSame(left(), [])
})

t.test('progress', async (t) => {
  const tree = scratch(t)
  writeFileSync(join(tree, 'big'), Buffer.alloc(4 * 1024 * 1024))
  const path = join(scratch(t), 'image.tar')
  execFileSync('tar', ['-cf', path, '-C', tree, '.'])
  const { store } = await testStore(t)
  const seen: number[] = []
  await store.import(
    { path, distribution: 'test', version: '1' },
    {
      onProgress: ({ bytes, total }) => {
        t.equal(total, lstatSync(path).size)
        seen.push(bytes)
      },
    },
  )
  t.ok(seen.length >= 1)
})
