// Single files of controllers.
import { join } from 'node:path'
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { testCgroup } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cgroup')

t.test('writes a limit and reads it back, whichever version has it', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  await dir.create()
  await dir.write('pids', 'pids.max', '37')
  t.equal(await dir.read('pids', 'pids.max'), '37\n')
  const memory = cgroups.version('memory') === 1 ? 'memory.limit_in_bytes' : 'memory.max'
  await dir.write('memory', memory, String(64 << 20))
  t.equal(await dir.read('memory', memory), `${64 << 20}\n`)
})

t.test('the errors name the file', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  await t.rejects(dir.write('pids', 'pids.max', 'a few'), {
    code: 'EINVAL',
    syscall: 'write',
    path: new RegExp(`^/.*/${dir.path}/pids.max$`),
  })
  await t.rejects(dir.read('pids', 'pids.nothing'), { code: 'ENOENT', path: /pids.nothing$/ })
  await t.rejects(dir.dir('gone').read('pids', 'pids.max'), { code: 'ENOENT' })
})

t.test('a controller that the machine does not have is ENODEV', async (t) => {
  const { dir } = testCgroup(t)
  await t.rejects(dir.read('teapot', 'teapot.max'), { code: 'ENODEV', path: 'teapot' })
  await t.rejects(dir.write('teapot', 'teapot.max', '1'), { code: 'ENODEV' })
})

t.test('a file name cannot leave the cgroup', async (t) => {
  const top = t.testdir({ a: { 'pids.max': '1' }, secret: 'x' })
  const cgroups = Cgroups.at([{ version: 1, controllers: ['pids'], mountpoint: top }])
  t.teardown(() => cgroups.close())
  const dir = cgroups.dir('a')
  t.equal(await dir.read('pids', 'pids.max'), '1')
  await t.rejects(dir.read('pids', '../secret'), { code: 'EINVAL' })
  await t.rejects(dir.read('pids', join(top, 'secret')), { code: 'EINVAL' })
  await t.rejects(dir.write('pids', '../secret', 'y'), { code: 'EINVAL' })
})
