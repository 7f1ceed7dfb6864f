// User namespaces without a process, and idmapped mounts made with them.
import { closeSync, mkdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { release } from 'node:os'
import { join } from 'node:path'
import { createUserNs, Mount, umount } from '../../../lib/ns/mount.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns')

const map = [{ nsId: 0, hostId: 100_000, count: 65_536 }]

t.test('a namespace is only its descriptor: no process stays behind', async (t) => {
  const children = async () => {
    const tasks = await readdir('/proc/self/task')
    const lists = tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8'))
    return (await Promise.all(lists)).join(' ').split(/\s+/).filter(Boolean)
  }
  const before = await children()
  const fd = await createUserNs(map, map)
  t.match(readlinkSync(`/proc/self/fd/${fd}`), /^user:\[\d+\]$/)
  t.same(await children(), before)
  closeSync(fd)
})

t.test('many at once, from several threads', async (t) => {
  const fds = await Promise.all(
    Array.from({ length: 64 }, (_, i) => {
      const own = [{ nsId: 0, hostId: 100_000 + i * 65_536, count: 65_536 }]
      return createUserNs(own, own)
    }),
  )
  const names = new Set(fds.map((fd) => readlinkSync(`/proc/self/fd/${fd}`)))
  t.equal(names.size, 64)
  fds.forEach((fd) => closeSync(fd))
})

t.test('a map that the kernel refuses says which file did', async (t) => {
  const twice = [...map, { nsId: 1, hostId: 300_000, count: 10 }]
  await t.rejects(createUserNs(twice, map), { code: 'EINVAL', path: /uid_map$/ })
  await t.rejects(createUserNs(map, twice), { code: 'EINVAL', path: /gid_map$/ })
  await t.rejects(createUserNs([], map), { code: 'EINVAL' })
  await t.rejects(createUserNs([{ nsId: 0, hostId: 1, count: 0 }], map), { code: 'EINVAL' })
  await t.rejects(createUserNs([{ nsId: -1, hostId: 1, count: 1 }], map), {
    name: 'TypeError',
    message: /^ns.createUserNs.args\[0\]\[0\].nsId: expected/,
  })
})

t.test('an idmapped copy shows mapped ids, and files below it keep theirs', async (t) => {
  const top = t.testdir({ tree: { file: 'x' } })
  const userNs = await createUserNs(map, map)
  await using mount = await Mount.clone(join(top, 'tree'), { userNs, attributes: ['nodev'] })
  closeSync(userNs)
  t.equal(statSync(`/proc/self/fd/${mount.fd}/file`).uid, 100_000)
  t.equal(statSync(join(top, 'tree/file')).uid, 0)
})

t.test('a mount is put somewhere and taken away', async (t) => {
  const top = t.testdir({ tree: { file: 'x' }, target: {} })
  await using mount = await Mount.clone(join(top, 'tree'), { attributes: ['ro', 'nosuid'] })
  await mount.moveTo(join(top, 'target'))
  t.equal(statSync(join(top, 'target/file')).size, 1)
  t.throws(() => writeFileSync(join(top, 'target/new'), ''), { code: 'EROFS' })
  await mount.setAttributes({ clear: ['ro'] })
  writeFileSync(join(top, 'target/new'), '')
  await mount.close()
  await umount(join(top, 'target'))
  t.throws(() => statSync(join(top, 'target/file')), { code: 'ENOENT' })
  await t.rejects(umount(join(top, 'target')), { code: 'EINVAL', syscall: 'umount2' })
})

t.test('a new filesystem, and the reason when there is none', async (t) => {
  await using mount = await Mount.create('tmpfs', { size: '1m', mode: '0750' }, ['noexec'])
  const root = `/proc/self/fd/${mount.fd}/.`
  t.equal(statSync(root).mode & 0o7777, 0o750)
  mkdirSync(join(root, 'a'))
  await t.rejects(Mount.create('nosuchfs'), { code: 'ENODEV', syscall: 'fsopen', path: 'nosuchfs' })
  await t.rejects(Mount.create('tmpfs', { teapot: '1' }), {
    code: 'EINVAL',
    syscall: 'fsconfig',
    path: /teapot=1; e tmpfs: Unknown parameter 'teapot'/,
  })
})

// Before Linux 6.15 the keeper does it by paths.
const [major = 0, minor = 0] = release().split('.').map(Number)
const skip =
  major > 6 || (major === 6 && minor >= 15) ? false : 'the kernel takes no detached layers'

t.test('overlay above a detached mount', { skip }, async (t) => {
  const top = t.testdir({ lower: { file: 'lower' }, upper: { upper: {}, work: {} } })
  const lower = await Mount.clone(join(top, 'lower'))
  await using overlay = await Mount.create('overlay', {
    lowerdir: `/proc/self/fd/${lower.fd}`,
    upperdir: join(top, 'upper/upper'),
    workdir: join(top, 'upper/work'),
  })
  await lower.close()
  const root = `/proc/self/fd/${overlay.fd}`
  writeFileSync(`${root}/new`, 'upper')
  t.same((await readdir(`${root}/.`)).sort(), ['file', 'new'])
  t.equal(statSync(join(top, 'upper/upper/new')).size, 5)
})

t.test('what does not exist, and links at the end', async (t) => {
  const top = t.testdir({ a: {} })
  await t.rejects(Mount.clone(join(top, 'gone')), { code: 'ENOENT', syscall: 'open_tree' })
  symlinkSync('a', join(top, 'link'))
  await t.rejects(umount(join(top, 'link')), { code: 'EINVAL' })
  const closed = await Mount.clone(join(top, 'a'))
  await closed.close()
  t.throws(() => closed.fd, { code: 'ERR_CLOSED' })
})
