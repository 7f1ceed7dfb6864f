// Shared blocks on filesystems that can, made for the test in files of its own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Mount } from '../../../lib/ns/mount.js'
import { canReflink, cloneTree, removeTree } from '../../../lib/ns/tree.js'
import { listTree } from '../../helpers/trees.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'loop', 'mkfs.btrfs', 'mkfs.xfs')

/** The filesystem's top through a descriptor: it is mounted nowhere. */
async function filesystem(t: Test, type: string, ...options: string[]): Promise<string> {
  const file = join(t.testdir(), 'image')
  writeFileSync(file, '')
  truncateSync(file, 400 << 20)
  execFileSync(`mkfs.${type}`, ['-q', ...options, file])
  const device = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim()
  const mount = await Mount.create(type, { source: device })
  t.teardown(async () => {
    await mount.close()
    execFileSync('losetup', ['--detach', device])
  })
  return `/proc/self/fd/${mount.fd}`
}

function fill(from: string): void {
  mkdirSync(join(from, 'a/b'), { recursive: true })
  for (let i = 0; i < 50; i++) writeFileSync(join(from, `a/b/${i}`), String(i).repeat(30_000))
  writeFileSync(join(from, 'empty'), '')
  writeFileSync(join(from, 'small'), 'x')
}

for (const type of ['btrfs', 'xfs']) {
  void t.test(`${type}: blocks are shared, and the copy is one's own`, async (t) => {
    const top = await filesystem(t, type)
    t.equal(await canReflink(top), true)
    fill(join(top, 'from'))
    const report = await cloneTree(join(top, 'from'), join(top, 'to'), { reflink: true })
    t.match(report, { entries: 55, reflinked: 51, copied: 1 })
    t.same(listTree(join(top, 'to')), listTree(join(top, 'from')))
    writeFileSync(join(top, 'to/a/b/7'), 'mine')
    t.equal(readFileSync(join(top, 'from/a/b/7'), 'utf8'), '7'.repeat(30_000))
    t.equal(readFileSync(join(top, 'to/a/b/8'), 'utf8'), '8'.repeat(30_000))
    await removeTree(join(top, 'to'))
  })
}

t.test('btrfs without checksums for a file: copied, and counted as such', async (t) => {
  const top = await filesystem(t, 'btrfs')
  mkdirSync(join(top, 'from/journal'), { recursive: true })
  execFileSync('chattr', [
    '+C',
    `/proc/${process.pid}${top.slice('/proc/self'.length)}/from/journal`,
  ])
  writeFileSync(join(top, 'from/journal/log'), 'x'.repeat(100_000))
  writeFileSync(join(top, 'from/other'), 'y'.repeat(100_000))
  const report = await cloneTree(join(top, 'from'), join(top, 'to'), { reflink: true })
  t.match(report, { reflinked: 1, copied: 1 })
  t.equal(readFileSync(join(top, 'to/journal/log'), 'utf8'), 'x'.repeat(100_000))
})

t.test('xfs made without it: the probe says no, and asking for it is an error', async (t) => {
  const top = await filesystem(t, 'xfs', '-m', 'reflink=0')
  t.equal(await canReflink(top), false)
  fill(join(top, 'from'))
  await t.rejects(cloneTree(join(top, 'from'), join(top, 'to'), { reflink: true }), {
    code: 'ENOTSUP',
    syscall: 'FICLONE',
  })
  t.match(await cloneTree(join(top, 'from'), join(top, 'to')), { reflinked: 0, copied: 52 })
})

t.test('the probe on what is no directory', async (t) => {
  const top = t.testdir({ file: '' })
  await t.rejects(canReflink(join(top, 'file')), { code: 'ENOTDIR' })
  await t.rejects(canReflink(join(top, 'gone')), { code: 'ENOENT' })
})
