// Copies of whole trees, attribute by attribute.
import { execFileSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Mount, umount } from '../../../lib/ns/mount.js'
import { cloneTree, removeTree } from '../../../lib/ns/tree.js'
import { digDeep, listTree } from '../../helpers/trees.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root')

const script = `
  chown 100:200 etc/passwd; chmod 4755 etc/passwd
  ln -s /etc/shadow absolute; ln -s ../../.. up; ln -s gone dangling; chown -h 5:6 dangling
  mkfifo fifo; chmod 622 fifo
  mknod null c 1 3; mknod disk b 7 1; chown 0:6 disk
  mkdir hard; echo x > hard/one; ln hard/one hard/two; mkdir hard/below; ln hard/one hard/below/three
  ln -P dangling hard/link
  chmod 1777 tmp; mkdir private; chmod 0 private; : > empty
  printf 'a b' > "name with
newline"; touch "$(printf '\\377\\376')"
  python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
  touch -d '1999-12-31 23:59:59.123456789' etc/passwd etc fifo null tmp
  touch -hd '2001-02-03 04:05:06.7' dangling absolute`

const getXattrs = `
import os, sys, json
p = sys.argv[1]
print(json.dumps({n: os.getxattr(p, n, follow_symlinks=False).hex()
                  for n in os.listxattr(p, follow_symlinks=False)}))`

const setLinkXattr = `
import os, sys
os.setxattr(sys.argv[1], 'trusted.mark', b'1', follow_symlinks=False)`

t.test('owners, modes, times, links, nodes, FIFOs and sockets', async (t) => {
  const top = t.testdir({ from: { etc: { passwd: 'root:x:0:0' }, tmp: {} } })
  const from = join(top, 'from')
  execFileSync('sh', ['-ec', script], { cwd: from })
  const report = await cloneTree(from, join(top, 'to'))
  t.same(listTree(join(top, 'to')), listTree(from))
  t.equal(report.entries, listTree(from).length)
  t.equal(report.copied, 5, 'a file with two names is copied once')
  t.equal(report.reflinked, 0)
  const [one, two] = ['hard/one', 'hard/two'].map((name) => lstatSync(join(top, 'to', name)))
  t.equal(one?.ino, two?.ino)
  t.not(one?.ino, lstatSync(join(from, 'hard/one')).ino)
  t.equal(readFileSync(join(top, 'to/etc/passwd'), 'utf8'), 'root:x:0:0')
})

t.test('extended attributes: user, ACL and file capabilities', async (t) => {
  const top = t.testdir({ from: { ping: 'x', dir: {} } })
  const xattrs = (path: string) =>
    JSON.parse(execFileSync('python3', ['-c', getXattrs, path], { encoding: 'utf8' })) as Record<
      string,
      string
    >
  for (const name of ['ping', 'dir']) {
    execFileSync('python3', ['-c', setXattrs, join(top, 'from', name)])
  }
  symlinkSync('ping', join(top, 'from/link'))
  execFileSync('python3', ['-c', setLinkXattr, join(top, 'from/link')])
  await cloneTree(join(top, 'from'), join(top, 'to'))
  for (const name of ['ping', 'dir', 'link']) {
    const expected = xattrs(join(top, 'from', name))
    t.ok(Object.keys(expected).length > 0, `${name} has some`)
    t.same(xattrs(join(top, 'to', name)), expected)
  }
  t.ok(xattrs(join(top, 'to/ping'))['security.capability'])
})
const setXattrs = `
import os, sys, struct
p = sys.argv[1]
os.setxattr(p, 'trusted.overlay.opaque', b'y')
try: os.setxattr(p, 'user.color', b'blue' * 100)
except OSError as e: assert e.errno == 95
if os.path.isfile(p):
    os.chown(p, 100, 200)
    os.setxattr(p, 'security.capability', struct.pack('<IIIII', 0x02000001, 1 << 13, 0, 0, 0))
acl = struct.pack('<I' + 'HHI' * 5, 2, 1, 7, 2**32 - 1, 2, 4, 1000, 4, 5, 2**32 - 1,
                  16, 5, 2**32 - 1, 32, 0, 2**32 - 1)
try: os.setxattr(p, 'system.posix_acl_access', acl)
except OSError as e: assert e.errno == 95`

t.test('holes stay holes', async (t) => {
  const top = t.testdir({ from: {} })
  execFileSync(
    'sh',
    [
      '-ec',
      'truncate -s 200M all; truncate -s 64M some; echo x | dd of=some bs=1M seek=32 conv=notrunc status=none; truncate -s +5M some',
    ],
    {
      cwd: join(top, 'from'),
    },
  )
  await cloneTree(join(top, 'from'), join(top, 'to'))
  for (const name of ['all', 'some']) {
    const [before, after] = ['from', 'to'].map((dir) => lstatSync(join(top, dir, name)))
    t.equal(after?.size, before?.size)
    t.ok((after?.blocks ?? Infinity) <= 64, `${name}: ${after?.blocks} blocks`)
  }
  t.equal(execFileSync('cmp', [join(top, 'from/some'), join(top, 'to/some')]).length, 0)
})

t.test('data that is larger than any buffer, and of a filesystem of another type', async (t) => {
  const top = t.testdir({ from: {} })
  execFileSync('sh', ['-ec', 'head -c 20M /dev/urandom > big; printf end >> big'], {
    cwd: join(top, 'from'),
  })
  const { bytes } = await cloneTree(join(top, 'from'), join(top, 'to'))
  t.equal(bytes, (20 << 20) + 3)
  execFileSync('cmp', [join(top, 'from/big'), join(top, 'to/big')])
  await using shm = await Mount.create('tmpfs')
  const other = `/proc/self/fd/${shm.fd}/to`
  await cloneTree(join(top, 'from'), other)
  execFileSync('cmp', [join(top, 'from/big'), `/proc/${process.pid}/fd/${shm.fd}/to/big`])
})

t.test('what pretends to be empty is read to its end', async (t) => {
  // Files of proc have size 0; a copy of an image is never made of these, but holes are not data.
  const top = t.testdir({ from: { empty: '' } })
  const report = await cloneTree(join(top, 'from'), join(top, 'to'), { reflink: false })
  t.same(report, { entries: 2, bytes: 0, reflinked: 0, copied: 1 })
})

t.test('5,000 directories deep, with hard links at the bottom', async (t) => {
  const top = t.testdir()
  // To keep a path for each of them would take 75 MB.
  const files = Array.from({ length: 1500 }, (_, i) => [`${i}`, `${i}.again`])
  digDeep(join(top, 'from'), 5000, ...files)
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5)
  const report = await cloneTree(join(top, 'from'), join(top, 'to'))
  clearInterval(timer)
  t.equal(report.entries, 5001 + 3000)
  t.equal(report.copied, 1500)
  t.ok(most - before < 40 * 2 ** 20, `${((most - before) / 2 ** 20).toFixed()} MiB`)
  await removeTree(join(top, 'from'))
  await removeTree(join(top, 'to'))
})

t.test('the target must not exist, and nothing of it stays after a failure', async (t) => {
  const top = t.testdir({ from: { a: 'x' }, there: {}, file: '' })
  const from = join(top, 'from')
  await t.rejects(cloneTree(from, join(top, 'there')), { code: 'EEXIST', syscall: 'mkdirat' })
  await t.rejects(cloneTree(from, join(top, 'no/way')), { code: 'ENOENT', syscall: 'mkdirat' })
  await t.rejects(cloneTree(join(top, 'gone'), join(top, 'to')), { code: 'ENOENT' })
  await t.rejects(cloneTree(join(top, 'file'), join(top, 'to')), { code: 'ENOTDIR' })
  symlinkSync('from', join(top, 'link'))
  await t.rejects(cloneTree(join(top, 'link'), join(top, 'to')), { code: /ELOOP|ENOTDIR/ })
  t.notOk(readdirSync(top).includes('to'))
})

t.test('a full disk: ENOSPC, and the target is gone', async (t) => {
  const top = t.testdir({ from: { a: { small: 'x' } } })
  execFileSync('sh', ['-c', 'head -c 4M /dev/urandom > a/big'], { cwd: join(top, 'from') })
  await using small = await Mount.create('tmpfs', { size: '1m' })
  await t.rejects(cloneTree(join(top, 'from'), `/proc/self/fd/${small.fd}/to`), {
    code: 'ENOSPC',
    path: join(top, 'from/a/big'),
  })
  t.same(readdirSync(`/proc/self/fd/${small.fd}/.`), [])
})

t.test('a mount in the source is not entered', async (t) => {
  const top = t.testdir({ from: { proc: {} }, other: { secret: 'x' } })
  const mount = await Mount.clone(join(top, 'other'))
  await mount.moveTo(join(top, 'from/proc'))
  await mount.close()
  try {
    await t.rejects(cloneTree(join(top, 'from'), join(top, 'to')), {
      code: 'EXDEV',
      path: join(top, 'from/proc'),
    })
  } finally {
    await umount(join(top, 'from/proc'))
  }
  t.notOk(readdirSync(top).includes('to'))
})

t.test('abort in the middle leaves nothing', async (t) => {
  const top = t.testdir({ from: {} })
  for (let i = 0; i < 20; i++) {
    mkdirSync(join(top, `from/${i}`))
    for (let j = 0; j < 200; j++) writeFileSync(join(top, `from/${i}/${j}`), 'x'.repeat(5000))
  }
  const reason = new Error('enough')
  const to = join(top, 'to')
  await t.rejects(cloneTree(join(top, 'from'), to, { signal: AbortSignal.abort(reason) }), reason)
  const controller = new AbortController()
  const cloned = cloneTree(join(top, 'from'), to, { signal: controller.signal })
  setTimeout(() => {
    controller.abort(reason)
  }, 20)
  await t.rejects(cloned, reason)
  t.same(readdirSync(top), ['from'])
})

t.test('the top of a mount is copied only where it is said to be meant', async (t) => {
  const top = t.testdir({ mount: {} })
  const mount = join(top, 'mount')
  await using tmpfs = await Mount.create('tmpfs')
  await tmpfs.moveTo(mount)
  try {
    writeFileSync(join(mount, 'file'), 'x')
    await t.rejects(cloneTree(mount, join(top, 'to')), { code: 'EXDEV' })
    await cloneTree(`${mount}/.`, join(top, 'to'))
    t.equal(readFileSync(join(top, 'to/file'), 'utf8'), 'x')
    await cloneTree(`/proc/${process.pid}/fd/${tmpfs.fd}/.`, join(top, 'too'))
    t.equal(readFileSync(join(top, 'too/file'), 'utf8'), 'x')
  } finally {
    await umount(mount, { detach: true })
  }
})
