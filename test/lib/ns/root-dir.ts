// Files in a directory whose owner is not our friend.
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { RootDir } from '../../../lib/ns/root-dir.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root')

/** A root with a secret beside it that no path of the root may reach. */
async function jail(t: Test, content: Parameters<Test['testdir']>[0] & object = {}) {
  const top = t.testdir({ root: content, secret: 'the secret', outside: {} })
  const root = await RootDir.open(join(top, 'root'))
  t.teardown(() => root.close())
  return { top, path: join(top, 'root'), root, secret: join(top, 'secret') }
}

t.test('reads, writes and replaces files', async (t) => {
  const { root, path } = await jail(t, { etc: {} })
  await root.writeFile('/etc/hostname', 'web1\n', { mode: 0o640, uid: 12, gid: 34 })
  t.equal((await root.readFile('etc/hostname')).toString(), 'web1\n')
  const stat = statSync(join(path, 'etc/hostname'))
  t.same([stat.mode & 0o7777, stat.uid, stat.gid], [0o640, 12, 34])
  await root.writeFile('/etc/hostname', Buffer.from([0, 255, 10]))
  t.same(await root.readFile('/etc/hostname'), Buffer.from([0, 255, 10]))
  t.not(statSync(join(path, 'etc/hostname')).ino, stat.ino, 'a new file took its place')
  t.same(readdirSync(join(path, 'etc')), ['hostname'], 'no temporary file stays')
})

t.test('absolute links and .. stay inside', async (t) => {
  const { root, path, secret } = await jail(t, { etc: { passwd: 'inside' } })
  symlinkSync(secret, join(path, 'absolute'))
  symlinkSync('../../../../../../../../..' + secret, join(path, 'etc/up'))
  symlinkSync('/etc/passwd', join(path, 'passwd'))
  symlinkSync('/', join(path, 'etc/root'))
  for (const name of ['absolute', 'etc/up', `../../..${secret}`, `etc/root/../..${secret}`]) {
    await t.rejects(root.readFile(name), { code: 'ENOENT' }, name)
  }
  t.equal((await root.readFile('passwd')).toString(), 'inside')
  t.equal((await root.readFile('etc/root/../../etc/passwd')).toString(), 'inside')
})

t.test(
  'writing through links to directories stays inside, and a link at the end is replaced',
  async (t) => {
    const { root, top, path, secret } = await jail(t, { run: {} })
    symlinkSync(join(top, 'outside'), join(path, 'dir'))
    symlinkSync('/run', join(path, 'var-run'))
    symlinkSync(secret, join(path, 'file'))
    await t.rejects(root.writeFile('dir/new', 'x'), { code: 'ENOENT' })
    await root.writeFile('var-run/pid', '1')
    t.equal(readFileSync(join(path, 'run/pid'), 'utf8'), '1')
    await root.writeFile('file', 'mine')
    t.ok(lstatSync(join(path, 'file')).isFile())
    t.equal(readFileSync(secret, 'utf8'), 'the secret')
    t.same(readdirSync(join(top, 'outside')), [])
  },
)

t.test('magic links are refused', async (t) => {
  const { secret } = await jail(t)
  await using inProc = await RootDir.open('/proc')
  const fd = openSync(secret, constants.O_RDONLY)
  t.teardown(() => {
    closeSync(fd)
  })
  for (const name of [`${process.pid}/root/etc/passwd`, `${process.pid}/fd/${fd}`]) {
    await t.rejects(inProc.readFile(name), { code: 'ELOOP' }, name)
  }
  t.ok((await inProc.readFile(`${process.pid}/status`)).length > 0)
})

t.test('a FIFO, a socket, a device or a directory where a file is meant', async (t) => {
  const { root, path } = await jail(t, { dir: {} })
  execFileSync('mkfifo', [join(path, 'fifo')])
  execFileSync('mknod', [join(path, 'zero'), 'c', '1', '5'])
  execFileSync('mknod', [join(path, 'disk'), 'b', '7', '255'])
  symlinkSync('fifo', join(path, 'link'))
  for (const flags of [
    constants.O_RDONLY,
    constants.O_WRONLY,
    constants.O_RDWR | constants.O_CREAT,
  ]) {
    for (const name of ['fifo', 'zero', 'disk', 'link']) {
      await t.rejects(root.openFile(name, flags), { code: 'EINVAL', path: name })
    }
    await t.rejects(root.openFile('dir', flags), { code: 'EISDIR', path: 'dir' })
  }
  await t.rejects(root.readFile('zero'), { code: 'EINVAL' })
  await root.writeFile('fifo', 'a file now')
  t.equal((await root.readFile('fifo')).toString(), 'a file now')
  await t.rejects(root.writeFile('dir', 'x'), { code: /EISDIR|EEXIST/ })
  t.same(
    readdirSync(path).filter((name) => name.startsWith('.')),
    [],
  )
})

t.test('opening and creating', async (t) => {
  const { root, path } = await jail(t, { old: 'content' })
  const { O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_NOFOLLOW } = constants
  const made = await root.openFile('new', O_RDWR | O_CREAT, 0o600)
  writeFileSync(made, 'hello')
  closeSync(made)
  t.equal(readFileSync(join(path, 'new'), 'utf8'), 'hello')
  await t.rejects(root.openFile('new', O_RDWR | O_CREAT | O_EXCL), { code: 'EEXIST' })
  closeSync(await root.openFile('old', O_RDWR | O_CREAT | O_TRUNC))
  t.equal(readFileSync(join(path, 'old'), 'utf8'), '')
  symlinkSync('old', join(path, 'link'))
  closeSync(await root.openFile('link'))
  await t.rejects(root.openFile('link', O_NOFOLLOW), { code: /ELOOP|EINVAL/ })
  symlinkSync('nowhere', join(path, 'dangling'))
  await t.rejects(root.openFile('dangling'), { code: 'ENOENT' })
  await t.rejects(root.openFile('dangling', O_RDWR | O_CREAT), { code: 'EEXIST' })
  symlinkSync('loop', join(path, 'loop'))
  await t.rejects(root.openFile('loop'), { code: 'ELOOP' })
})

t.test('a link that is swapped all the time never leads out', async (t) => {
  const { root, top, path } = await jail(t, { a: { file: 'inside' }, b: {} })
  writeFileSync(join(top, 'outside/file'), 'outside')
  symlinkSync(join(top, 'outside'), join(path, 'out'))
  let done = false
  const results = new Map<string, number>()
  const count = (name: string) => results.set(name, (results.get(name) ?? 0) + 1)
  const reading = (async () => {
    while (!done) {
      await root.readFile('a/file').then(
        (data) => count(data.toString()),
        (error: unknown) => count(String((error as { code?: string }).code)),
      )
    }
  })()
  for (let i = 0; i < 2000; i++) {
    renameSync(join(path, 'a'), join(path, 'b/a'))
    renameSync(join(path, 'out'), join(path, 'a'))
    if (i % 20 === 0) await new Promise(setImmediate)
    renameSync(join(path, 'a'), join(path, 'out'))
    renameSync(join(path, 'b/a'), join(path, 'a'))
    if (i % 20 === 0) await new Promise(setImmediate)
  }
  done = true
  await reading
  t.notOk(results.has('outside'), JSON.stringify([...results]))
  t.ok((results.get('inside') ?? 0) > 0)
})

t.test('limits what it reads', async (t) => {
  const { root, path } = await jail(t)
  writeFileSync(join(path, 'big'), 'x'.repeat(10_001))
  await t.rejects(root.readFile('big', { limit: 10_000 }), { code: 'EFBIG', path: 'big' })
  t.equal((await root.readFile('big', { limit: 10_001 })).length, 10_001)
  t.equal((await root.readFile('big')).length, 10_001)
})

t.test('mkdir -p, with links on the way', async (t) => {
  const { root, top, path } = await jail(t, { run: {}, file: '' })
  await root.mkdir('/a/b/c', { mode: 0o750, uid: 5, gid: 6 })
  for (const name of ['a', 'a/b', 'a/b/c']) {
    const { mode, uid, gid } = statSync(join(path, name))
    t.same([mode & 0o7777, uid, gid], [0o750, 5, 6], name)
  }
  await root.mkdir('a/b/c/../d/')
  t.ok(existsSync(join(path, 'a/b/d')))
  t.equal(statSync(join(path, 'a')).uid, 5, 'what exists is left as it is')
  mkdirSync(join(path, 'var'))
  symlinkSync('../run', join(path, 'var/run'))
  await root.mkdir('var/run/lock')
  t.ok(existsSync(join(path, 'run/lock')))
  symlinkSync(join(top, 'outside'), join(path, 'out'))
  await t.rejects(root.mkdir('out/x'), { code: 'EEXIST' })
  await t.rejects(root.mkdir('file/x'), { code: 'ENOTDIR' })
  t.same(readdirSync(join(top, 'outside')), [])
  await root.mkdir('/')
})

t.test('links: made, replaced, read, removed', async (t) => {
  const { root, path, secret } = await jail(t, { file: 'x', dir: {} })
  await root.symlink('link', '/etc/anything')
  t.equal(readlinkSync(join(path, 'link')), '/etc/anything')
  t.equal(await root.readlink('link'), '/etc/anything')
  await root.symlink('link', secret)
  t.equal(await root.readlink('/link'), secret)
  await root.symlink('file', 'other')
  t.equal(await root.readlink('file'), 'other')
  await t.rejects(root.readlink('dir'), { code: 'EINVAL' })
  await t.rejects(root.symlink('dir', 'x'), { code: /EISDIR|EEXIST/ })
  await root.unlink('link')
  t.ok(existsSync(secret))
  await t.rejects(root.unlink('link'), { code: 'ENOENT', path: 'link' })
  await t.rejects(root.unlink('dir'), { code: 'EISDIR' })
  t.same(readdirSync(path).sort(), ['dir', 'file'])
})

t.test('stat of the link and of what it leads to', async (t) => {
  const { root, path, secret } = await jail(t, { file: '12345' })
  symlinkSync('file', join(path, 'link'))
  symlinkSync(secret, join(path, 'out'))
  t.equal((await root.stat('link')).size, 5)
  t.equal((await root.stat('link')).ino, statSync(join(path, 'file'), { bigint: true }).ino)
  t.equal((await root.lstat('link')).mode & constants.S_IFMT, constants.S_IFLNK)
  t.equal((await root.lstat('out')).size, secret.length)
  await t.rejects(root.stat('out'), { code: 'ENOENT' })
  t.equal((await root.stat('/')).mode & constants.S_IFMT, constants.S_IFDIR)
})

t.test('names that mean nothing', async (t) => {
  const { root } = await jail(t, { dir: {} })
  for (const path of ['', '/', '//', '.', '..', 'dir/.', 'dir/..']) {
    await t.rejects(root.writeFile(path, 'x'), { code: 'EINVAL' }, JSON.stringify(path))
    await t.rejects(root.unlink(path), { code: 'EINVAL' }, JSON.stringify(path))
    await t.rejects(root.symlink(path, 'x'), { code: 'EINVAL' }, JSON.stringify(path))
  }
  await t.rejects(root.writeFile('a\0b', 'x'), TypeError)
  await t.rejects(root.writeFile('x'.repeat(300), 'x'), { code: 'ENAMETOOLONG' })
  await t.rejects(root.writeFile('gone/x', 'x'), { code: 'ENOENT' })
})

t.test('no directory, and a closed one', async (t) => {
  const { top, root } = await jail(t)
  await t.rejects(RootDir.open(join(top, 'secret')), { code: 'ENOTDIR' })
  await root.close()
  await root.close()
  await t.rejects(root.readFile('x'), { code: 'ERR_CLOSED' })
  const wrong = RootDir.adopt(openSync('/dev/null', constants.O_RDONLY))
  await t.rejects(wrong.readFile('x'), { code: 'ENOTDIR' })
  await wrong.close()
  unlinkSync(join(top, 'secret'))
})
