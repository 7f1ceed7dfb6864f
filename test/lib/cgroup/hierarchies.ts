// Which hierarchies there are, by the mount table and by a list.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cgroups, type Hierarchy } from '../../../lib/cgroup/cgroups.js'
import { SystemError } from '../../../lib/errors.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cgroup')

t.test('every cgroup mount of the mount table is there once, with its controllers', async (t) => {
  const cgroups = Cgroups.mounted()
  t.teardown(() => cgroups.close())
  const table = (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4])
  t.ok(cgroups.hierarchies.length > 0)
  for (const { version, controllers, mountpoint } of cgroups.hierarchies) {
    t.ok(table.includes(mountpoint), `${mountpoint} is mounted`)
    t.ok(existsSync(join(mountpoint, 'cgroup.procs')), `${mountpoint} is a hierarchy's top`)
    for (const controller of controllers) {
      if (controller.startsWith('name=')) continue
      t.equal(cgroups.version(controller), version, `${controller} is found in v${version}`)
      t.ok(cgroups.controllers.includes(controller))
    }
    t.notOk(controllers.includes('rw'), 'options of the mount are no controllers')
  }
  t.equal(cgroups.version('teapot'), null)
})

t.test('the layout follows from the versions', async (t) => {
  const directory = t.testdir()
  const layout = (...versions: (1 | 2)[]) => {
    const cgroups = Cgroups.at(
      versions.map((version) => ({ version, controllers: [], mountpoint: directory })),
    )
    t.teardown(() => cgroups.close())
    return cgroups.layout
  }
  t.equal(layout(2), 'unified')
  t.equal(layout(1, 2), 'hybrid')
  t.equal(layout(1, 1), 'legacy')
})

t.test('a v1 hierarchy goes before the unified one that has the controller too', async (t) => {
  const top = t.testdir({
    legacy: { a: { 'pids.max': 'v1' } },
    unified: { a: { 'pids.max': 'v2' } },
  })
  const cgroups = Cgroups.at([
    { version: 2, controllers: ['pids', 'memory'], mountpoint: join(top, 'unified') },
    { version: 1, controllers: ['pids'], mountpoint: join(top, 'legacy') },
  ])
  t.teardown(() => cgroups.close())
  t.equal(await cgroups.dir('a').read('pids', 'pids.max'), 'v1')
  t.equal(await cgroups.dir('a').read('', 'pids.max'), 'v2')
  t.equal(cgroups.version('pids'), 1)
  t.equal(cgroups.version('memory'), 2)
})

t.test('a list with a directory that is none is refused', async (t) => {
  const top = t.testdir({ file: '' })
  const at = (mountpoint: string) => () => Cgroups.at([{ version: 2, controllers: [], mountpoint }])
  t.throws(at(join(top, 'missing')), { code: 'ENOENT', syscall: 'openat' })
  t.throws(at(join(top, 'file')), { code: 'ENOTDIR' })
  try {
    at(join(top, 'missing'))()
  } catch (error) {
    t.ok(error instanceof SystemError)
  }
})

t.test('controllers are handed down where they are offered and not yet enabled', async (t) => {
  const top = t.testdir()
  mkdirSync(join(top, 'v2'))
  writeFileSync(join(top, 'v2/cgroup.controllers'), 'cpu memory hugetlb pids\n')
  writeFileSync(join(top, 'v2/cgroup.subtree_control'), 'memory\n')
  const cgroups = Cgroups.at([{ version: 2, controllers: [], mountpoint: join(top, 'v2') }])
  t.teardown(() => cgroups.close())
  await cgroups.dir('one').create({ enableControllers: false })
  t.equal(await readFile(join(top, 'v2/cgroup.subtree_control'), 'utf8'), 'memory\n')
  await cgroups.dir('one').create()
  // A plain file keeps what the write did not cover; the kernel's would not.
  t.match(await readFile(join(top, 'v2/cgroup.subtree_control'), 'utf8'), /^\+cpu \+pids/)
})

t.test('a mountpoint with a space, on a machine that is unified alone', async (t) => {
  const script = `
    import { Cgroups } from ${JSON.stringify(import.meta.resolve('../../../lib/cgroup/cgroups.js'))}
    const cgroups = Cgroups.mounted()
    console.log(JSON.stringify([cgroups.layout, cgroups.hierarchies]))
    cgroups.close()`
  // In a mount namespace of its own: nobody else sees it.
  const shell = `
    umount -R /sys/fs/cgroup && mount -t tmpfs none /sys/fs/cgroup &&
    mkdir '/sys/fs/cgroup/a b' && mount -t cgroup2 none '/sys/fs/cgroup/a b' && exec "$@"`
  const node = [process.execPath, ...process.execArgv, '--input-type=module', '-e', script]
  const out = execFileSync('unshare', ['--mount', 'sh', '-c', shell, 'sh', ...node], {
    encoding: 'utf8',
  })
  const [layout, hierarchies] = JSON.parse(out) as [string, Hierarchy[]]
  t.equal(layout, 'unified')
  t.match(hierarchies, [{ version: 2, mountpoint: '/sys/fs/cgroup/a b' }])
})

t.test('labels of SELinux are no controllers', async (t) => {
  const top = t.testdir({ v1: {} })
  const labels =
    'seclabel,context="u:r:t:s0:c1,c2",fscontext=u:r:t,defcontext=u:r:t,rootcontext=u:r:t'
  const table = join(top, 'table')
  const options = `rw,${labels},cpu,cpuacct,name=other,release_agent=/sbin/agent`
  writeFileSync(table, `30 23 0:26 / ${join(top, 'v1')} rw - cgroup cgroup ${options}\n`)
  const script = `
    import { Cgroups } from ${JSON.stringify(import.meta.resolve('../../../lib/cgroup/cgroups.js'))}
    const cgroups = Cgroups.mounted()
    console.log(JSON.stringify(cgroups.hierarchies))
    cgroups.close()`
  const shell = 'mount --bind "$0" /proc/$$/mountinfo && exec "$@"'
  const node = [process.execPath, ...process.execArgv, '--input-type=module', '-e', script]
  const out = execFileSync('unshare', ['--mount', 'sh', '-c', shell, table, ...node], {
    encoding: 'utf8',
  })
  const [found] = JSON.parse(out) as Hierarchy[]
  t.same(found?.controllers, ['cpu', 'cpuacct', 'name=other'])
})

t.test('no cgroups at all is ENOENT', async (t) => {
  const script = `
    import { Cgroups } from ${JSON.stringify(import.meta.resolve('../../../lib/cgroup/cgroups.js'))}
    try { Cgroups.mounted() } catch (error) { console.log(error.code) }`
  const node = [process.execPath, ...process.execArgv, '--input-type=module', '-e', script]
  const out = execFileSync(
    'unshare',
    ['--mount', 'sh', '-c', 'umount -R /sys/fs/cgroup && exec "$@"', 'sh', ...node],
    { encoding: 'utf8' },
  )
  t.equal(out, 'ENOENT\n')
})
