// rm -rf of what somebody else filled.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Mount, umount } from '../../../lib/ns/mount.js'
import { removeTree } from '../../../lib/ns/tree.js'
import { requires } from '../../helpers/requires.js'
import { digDeep } from '../../helpers/trees.js'

const t = requires('root')

t.test('a tree with everything in it', async (t) => {
  const top = t.testdir({ tree: { a: { b: { c: 'x' } }, d: {} } })
  const tree = join(top, 'tree')
  execFileSync('mkfifo', [join(tree, 'a/fifo')])
  execFileSync('mknod', [join(tree, 'a/null'), 'c', '1', '3'])
  chmodSync(join(tree, 'd'), 0)
  for (let i = 0; i < 3000; i++) writeFileSync(join(tree, `a/b/${i}`), '')
  await removeTree(tree)
  t.same(readdirSync(top), [])
})

t.test('follows no link, neither inside nor at the top', async (t) => {
  const top = t.testdir({ precious: { file: 'x' }, tree: {} })
  symlinkSync(join(top, 'precious'), join(top, 'tree/link'))
  symlinkSync('precious', join(top, 'top'))
  await removeTree(join(top, 'tree'))
  await removeTree(join(top, 'top'))
  t.same(readdirSync(top), ['precious'])
  t.ok(existsSync(join(top, 'precious/file')))
})

t.test('a file, and nothing at all', async (t) => {
  const top = t.testdir({ file: 'x' })
  await removeTree(join(top, 'file'))
  await removeTree(join(top, 'file'))
  await removeTree(join(top, 'no/such/way'))
  t.same(readdirSync(top), [])
})

t.test('5,000 directories deep', async (t) => {
  const top = t.testdir()
  digDeep(join(top, 'deep'), 5000)
  await removeTree(join(top, 'deep'))
  t.same(readdirSync(top), [])
})

t.test('a bind mount inside, of the same filesystem, is not entered', async (t) => {
  const top = t.testdir({ precious: { file: 'x' }, tree: { a: { mnt: {} } } })
  const mount = await Mount.clone(join(top, 'precious'))
  await mount.moveTo(join(top, 'tree/a/mnt'))
  await mount.close()
  try {
    const where = { code: 'EXDEV', path: join(top, 'tree/a/mnt') }
    await t.rejects(removeTree(join(top, 'tree')), where)
    await t.rejects(removeTree(join(top, 'tree/a/mnt')), where)
    t.ok(existsSync(join(top, 'precious/file')))
  } finally {
    await umount(join(top, 'tree/a/mnt'))
  }
  await removeTree(join(top, 'tree'))
  t.same(readdirSync(top), ['precious'])
})

t.test('somebody who swaps directories meanwhile does not lead us out', async (t) => {
  const top = t.testdir({ outside: {}, tree: {} })
  for (let i = 0; i < 300; i++) {
    mkdirSync(join(top, `tree/${i}/x/y`), { recursive: true })
    writeFileSync(join(top, `outside/${i}`), '')
  }
  const removed = removeTree(join(top, 'tree')).catch((error: unknown) => error)
  for (let i = 0; i < 300; i++) {
    try {
      renameSync(join(top, `tree/${i}/x`), join(top, `outside/moved${i}`))
    } catch {
      // gone already
    }
  }
  const result = await removed
  if (result !== undefined) t.match(result, { code: 'ESTALE' })
  const names = readdirSync(join(top, 'outside'))
  t.equal(names.filter((name) => !name.startsWith('moved')).length, 300)
})

t.test('abort before and in the middle', async (t) => {
  const top = t.testdir({ tree: {} })
  for (let i = 0; i < 20_000; i++) writeFileSync(join(top, `tree/${i}`), '')
  const reason = new Error('enough')
  await t.rejects(removeTree(join(top, 'tree'), { signal: AbortSignal.abort(reason) }), reason)
  t.equal(readdirSync(join(top, 'tree')).length, 20_000)
  const controller = new AbortController()
  const removed = removeTree(join(top, 'tree'), { signal: controller.signal })
  controller.abort(reason)
  await t.rejects(removed, reason)
  t.ok(readdirSync(join(top, 'tree')).length > 0)
  await removeTree(join(top, 'tree'), { signal: new AbortController().signal })
  t.notOk(existsSync(join(top, 'tree')))
})

t.test('bad paths', async (t) => {
  await t.rejects(removeTree(''), { code: 'EINVAL' })
  await t.rejects(removeTree('/'), { code: 'EBUSY' })
  await t.rejects(removeTree('..'), { code: 'EINVAL' })
  await t.rejects(removeTree('a\0b'), TypeError)
})
