// Making and removing one path in every hierarchy.
import { existsSync, mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ended, sleeper, testCgroup } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'cgroup')

t.test('creates what is missing in every hierarchy, and again without complaint', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const leaf = dir.dir('group.a').dir('user.b')
  await leaf.create()
  await leaf.create()
  t.same(
    await leaf.exists(),
    cgroups.hierarchies.map(({ mountpoint }) => mountpoint),
  )
})

t.test('a v1 cpuset can be joined at once', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const cpuset = cgroups.hierarchies.find(
    (one) => one.version === 1 && one.controllers.includes('cpuset'),
  )
  if (cpuset === undefined) {
    t.comment('no v1 cpuset here')
    return
  }
  await dir.dir('deep/er').create()
  const read = (path: string, file: string) => readFile(join(cpuset.mountpoint, path, file), 'utf8')
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    t.not((await read(dir.path, file)).trim(), '')
    t.equal(await read(`${dir.path}/deep/er`, file), await read('.', file))
  }
})

t.test('removes all below it', async (t) => {
  const { dir } = testCgroup(t)
  for (const path of ['a/b/c', 'a/d', 'e']) await dir.dir(path).create()
  await dir.remove()
  t.same(await dir.exists(), [])
})

t.test('removes a tree that is deeper than a path is long', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.create()
  const top = cgroups.hierarchies[0]
  t.ok(top)
  const cwd = process.cwd()
  try {
    process.chdir(join(top?.mountpoint ?? '', dir.path))
    for (let depth = 0; depth < 40; depth++) {
      mkdirSync('x'.repeat(200))
      process.chdir('x'.repeat(200))
    }
  } finally {
    process.chdir(cwd)
  }
  await dir.remove()
  t.same(await dir.exists(), [])
})

t.test('removing what does not exist, or only in some hierarchies, is fine', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.remove()
  mkdirSync(join(cgroups.hierarchies[0]?.mountpoint ?? '', dir.path))
  t.equal((await dir.exists()).length, 1)
  await dir.remove()
  t.same(await dir.exists(), [])
})

t.test('a process in it is EBUSY after the timeout, and the error names the cgroup', async (t) => {
  const { dir } = testCgroup(t)
  const leaf = dir.dir('leaf')
  await leaf.create()
  await leaf.join((await sleeper(t)).pid)
  const begin = performance.now()
  await t.rejects(dir.remove({ timeoutMs: 100 }), {
    code: 'EBUSY',
    syscall: 'rmdir',
    path: new RegExp(`^/.*${dir.path}.*leaf$`),
  })
  t.ok(performance.now() - begin < upTo(1000), 'bounded')
})

t.test('waits for a process that is about to end', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  const child = await sleeper(t)
  await dir.join(child.pid)
  const removed = dir.remove({ timeoutMs: upTo(10_000) })
  await sleep(50)
  child.kill('SIGKILL')
  await removed
  t.same(await dir.exists(), [])
  t.same(await ended(child), { code: null, signal: 'SIGKILL' })
})

t.test('paths that could leave the hierarchy are refused before anything happens', async (t) => {
  const { cgroups } = testCgroup(t)
  const bad = [
    '',
    '/',
    '/etc',
    'a/',
    'a//b',
    '..',
    'a/../..',
    './a',
    'a/.',
    'a\nb',
    'x'.repeat(300),
  ]
  for (const path of bad) {
    const dir = cgroups.dir(path)
    for (const work of [
      () => dir.create(),
      () => dir.remove(),
      () => dir.kill(),
      () => dir.freeze(),
      () => dir.thaw(),
      () => dir.procs(),
      () => dir.exists(),
      () => dir.join(0),
      () => dir.stats(),
      () => dir.read('', 'cgroup.procs'),
    ]) {
      await t.rejects<unknown>(work(), { code: 'EINVAL' }, JSON.stringify(path))
    }
  }
  await t.rejects(cgroups.dir('a\0b').create(), TypeError)
})

t.test('a name that a file has is ENOTDIR', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  await t.rejects(dir.dir('cgroup.procs/x').create(), { code: 'ENOTDIR' })
  t.ok(existsSync('/proc/self'), 'still here')
})
