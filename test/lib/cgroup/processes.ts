// Joining, listing and killing, with real processes.
import { Cgroups } from '../../../lib/cgroup/cgroups.js'
import { ended, sleeper, testCgroup } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'cgroup')

t.test('a process that joined is listed once, also from above', async (t) => {
  const { dir } = testCgroup(t)
  const leaf = dir.dir('a/b')
  await leaf.create()
  t.same(await dir.procs(), [])
  const children = [await sleeper(t), await sleeper(t)]
  for (const child of children) await leaf.join(child.pid)
  const pids = children.map(({ pid }) => pid).sort((a, b) => a - b)
  t.same(await leaf.procs(), pids)
  t.same(await dir.procs(), pids)
})

t.test('joining without a process, or without a cgroup', async (t) => {
  const { dir } = testCgroup(t)
  await t.rejects(dir.join((await sleeper(t)).pid), { code: 'ENOENT' })
  await dir.create()
  await t.rejects(dir.join(2 ** 22 + 1), { code: 'ESRCH', path: new RegExp(dir.path) })
})

t.test('procs of what does not exist is ENOENT', async (t) => {
  const { dir } = testCgroup(t)
  await t.rejects(dir.procs(), { code: 'ENOENT', path: dir.path })
})

t.test('kill reaches all below, and what does not exist is fine', async (t) => {
  const { dir } = testCgroup(t)
  await dir.kill()
  const children = []
  // In v2, what has controllers for its children has no processes of its own.
  for (const name of ['a/b', 'a/c/d', 'e']) {
    await dir.dir(name).create()
    const child = await sleeper(t)
    await dir.dir(name).join(child.pid)
    children.push(child)
  }
  await dir.kill()
  for (const child of children) {
    t.same(await ended(child), { code: null, signal: 'SIGKILL' })
  }
})

t.test('kill ends frozen processes too', async (t) => {
  const { dir } = testCgroup(t)
  await dir.create()
  const child = await sleeper(t)
  await dir.join(child.pid)
  await dir.freeze()
  await dir.kill()
  t.same(await ended(child), { code: null, signal: 'SIGKILL' })
})

t.test('kill has its time, and ends what is frozen above without any more', async (t) => {
  const mountpoint = t.testdir({ a: { b: {} } })
  const fake = Cgroups.at([{ version: 1, controllers: ['freezer'], mountpoint }])
  t.teardown(() => fake.close())
  await t.rejects(fake.dir('a').kill({ timeoutMs: 0 }), { code: 'ETIMEDOUT' })
  await fake.dir('a').kill()

  const { cgroups, dir } = testCgroup(t)
  if (cgroups.version('freezer') !== 1 || cgroups.layout !== 'hybrid') {
    t.comment('nothing is visited here')
    return
  }
  await dir.dir('a').create({ enableControllers: false })
  const child = await sleeper(t)
  await dir.dir('a').join(child.pid)
  await dir.freeze()
  await t.rejects(dir.kill({ timeoutMs: 0 }), { code: 'ETIMEDOUT' })
  t.same(await ended(child), { code: null, signal: 'SIGKILL' })
})

t.test('kill without cgroup.kill: one by one, through the v1 hierarchies alone', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const legacy = cgroups.hierarchies.filter(({ version }) => version === 1)
  if (legacy.length === 0) {
    t.comment('no v1 here')
    return
  }
  const only = Cgroups.at(legacy)
  t.teardown(() => only.close())
  await only.dir(dir.path).dir('a').create()
  const children = [await sleeper(t), await sleeper(t)]
  for (const child of children) await only.dir(dir.path).dir('a').join(child.pid)
  await only.dir(dir.path).freeze()
  await only.dir(dir.path).kill()
  for (const child of children) t.equal((await ended(child)).signal, 'SIGKILL')
})

t.test('what there is no time to kill one by one is not left frozen', async (t) => {
  const { cgroups, dir } = testCgroup(t)
  const legacy = cgroups.hierarchies.filter(({ version }) => version === 1)
  if (!legacy.some(({ controllers }) => controllers.includes('freezer'))) {
    t.comment('no freezer of v1 here')
    return
  }
  const only = Cgroups.at(legacy)
  t.teardown(() => only.close())
  const own = only.dir(dir.path)
  await own.create()
  await own.join((await sleeper(t)).pid)
  await own.freeze()
  await t.rejects(own.kill({ timeoutMs: 0 }), { code: 'ETIMEDOUT' })
  t.equal(await own.frozen(), false)
})

t.test('kill one by one leaves who only has a number of the list', async (t) => {
  const child = await sleeper(t)
  // A directory stands for a hierarchy whose list was true a moment ago.
  const mountpoint = t.testdir({ a: { 'cgroup.procs': `${child.pid}\n` } })
  const cgroups = Cgroups.at([{ version: 1, controllers: ['pids'], mountpoint }])
  t.teardown(() => cgroups.close())
  await t.rejects(cgroups.dir('a').kill(), { code: 'EBUSY' })
  t.equal(child.signalCode, null)
})
