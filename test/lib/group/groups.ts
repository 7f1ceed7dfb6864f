// Groups on the running kernel: limits hold for all containers below.
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const cgroups = Cgroups.mounted()
const memoryFile = cgroups.version('memory') === 1 ? 'memory.limit_in_bytes' : 'memory.max'
const memoryLimit = (path: string) => cgroups.dir(path).read('memory', memoryFile)
const MiB = 2 ** 20

await t.test('/ and /default are always there', async (t) => {
  t.same(
    host.groups
      .list()
      .map(({ path }) => path)
      .sort(),
    ['/', '/default'],
  )
  t.equal(host.groups.get('/').cgroup, `${host.cgroupRoot}/pool.tank`)
  t.equal(host.groups.get('/default').cgroup, `${host.cgroupRoot}/pool.tank/group.default`)
  for (const path of ['/', '/default']) {
    await t.rejects(host.groups.get(path).delete(), { code: 'ERR_INVALID_ARGUMENT' })
  }
})

await t.test('limits are in the kernel, in the file, and change at once', async (t) => {
  const group = await host.groups.create({ path: '/a/b', parents: true, memoryLimit: '64 MiB' })
  t.match(group.show(), { path: '/a/b', memoryLimit: 64 * MiB, swapLimit: 0, cpuLimit: null })
  t.equal(Number(await memoryLimit(group.cgroup)), 64 * MiB)
  await group.set({ memoryLimit: '32 MiB', cpuLimit: 50 })
  t.equal(Number(await memoryLimit(group.cgroup)), 32 * MiB)
  await group.set({ memoryLimit: '128 MiB' })
  t.equal(Number(await memoryLimit(group.cgroup)), 128 * MiB)
  t.match(group.show(), { memoryLimit: 128 * MiB, cpuLimit: 50 })
  const file = join(host.pools.get('tank').show().path, 'conf/group/a/b/config.yml')
  t.match(await readFile(file, 'utf8'), /version: 2\n\s+subsystem: memory\n\s+name: memory\.max\n/)
  await group.set({ memoryLimit: null })
  t.match(group.show(), { memoryLimit: null, swapLimit: null, cpuLimit: 50 })
  t.match(await memoryLimit(group.cgroup), /^(max|9\d{18})\n?$/)
})

await t.test('containers are below their group, and keep it from being deleted', async (t) => {
  const ct = await startedContainer(host, { id: 'one', group: '/a/b' })
  t.equal(ct.show().cgroup, `${host.groups.get('/a/b').cgroup}/user.one/ct.one`)
  t.same(host.groups.get('/a/b').show().containers, ['one'])
  t.ok(((await host.groups.get('/a').stats()).pids ?? 0) >= 1)
  await t.rejects(host.groups.get('/a/b').delete(), { code: 'ERR_IN_USE', users: ['one'] })
  await t.rejects(host.groups.get('/a').delete(), { code: 'ERR_IN_USE' })
  await ct.delete({ force: true })
  const { cgroup } = host.groups.get('/a/b')
  await host.groups.get('/a/b').delete()
  t.same(await cgroups.dir(cgroup).exists(), [])
  await host.groups.get('/a').delete()
  t.equal(host.groups.find('/a'), null)
})

await t.test('a user with containers in two groups leaves nothing in either', async (t) => {
  const image = { distribution: 'busybox' }
  await host.groups.create({ path: '/c' })
  const user = await host.users.create({ name: 'both' })
  const places = { early: '/c', between: '/default', late: '/default' }
  for (const id of ['late', 'early', 'between'] as const) {
    const ct = await host.containers.create({ id, image, user: 'both', group: places[id] })
    await ct.start()
  }
  t.same(user.show().containers, ['between', 'early', 'late'])
  t.same(host.groups.get('/default').show().containers, ['between', 'late'])
  const shared = (path: string) => cgroups.dir(`${host.groups.get(path).cgroup}/user.both`).exists()
  t.not((await shared('/c')).length, 0)
  await host.containers.get('early').delete({ force: true })
  t.same(await shared('/c'), [])
  await host.containers.get('late').delete({ force: true })
  t.not((await shared('/default')).length, 0, 'another one is in it')
  await host.containers.get('between').delete({ force: true })
  t.same(await shared('/default'), [])
  t.same((await host.audit()).leftovers, [])
  await user.delete()
  await host.groups.get('/c').delete()
})

await t.test('a copy of its file that somebody has made does not keep it', async (t) => {
  await host.groups.create({ path: '/copied' })
  const directory = join(host.pools.get('tank').show().path, 'conf/group/copied')
  await writeFile(join(directory, 'config.yml~'), 'memory: 1')
  await host.groups.get('/copied').delete()
  t.equal(host.groups.find('/copied'), null)
  await host.groups.create({ path: '/copied' })
  await host.groups.get('/copied').delete()
  await rm(directory, { recursive: true })
})

await t.test('as many levels, and as long, as there can be', async (t) => {
  const path = `/${'x'.repeat(30)}`.repeat(32)
  await host.groups.create({ path, parents: true })
  const ct = await startedContainer(host, { id: 'd'.repeat(100), group: path })
  t.equal((await ct.exec(['echo', 'deep'])).stdout, 'deep\n')
  await ct.delete({ force: true })
  for (let at = path; at !== ''; at = at.slice(0, -31)) await host.groups.get(at).delete()
})

await t.test('what makes no sense is refused', async (t) => {
  await t.rejects(host.groups.create({ path: '/x/y' }), { code: 'ERR_NOT_FOUND', id: 'tank:/x' })
  await t.rejects(host.groups.create({ path: '/default' }), { code: 'ERR_EXISTS' })
  for (const path of [
    'x',
    '/x/',
    '//',
    '/../x',
    '/a b',
    '',
    '/ž',
    `/${'x'.repeat(101)}`,
    '/x'.repeat(33),
  ]) {
    await t.rejects(host.groups.create({ path }), { code: 'ERR_INVALID_ARGUMENT' }, path)
  }
  const bad = [{ memoryLimit: -1 }, { memoryLimit: 1e18 }, { cpuLimit: NaN }, { pidsLimit: 0 }]
  for (const limits of bad) {
    await t.rejects(host.groups.create({ path: '/bad', ...limits }), {
      code: 'ERR_INVALID_ARGUMENT',
    })
  }
  t.equal(host.groups.find('/bad'), null)
})
