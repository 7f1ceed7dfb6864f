// What can be wrong when a container is made, renamed or deleted, and that nothing is left then.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CreateOptions } from 'vpsadminos'
import { arm } from '../../../dist/step.js'
import { busybox, first, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { containersOn, onZfs } from '../../helpers/storage.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const pool = host.pools.get('tank').show()
const root = pool.path
const range = host.idRanges.get('default')

const nothing = async () => ({
  files: await readdir(join(root, 'conf/ct')),
  directories: containersOn(pool),
  users: host.users.list().length,
  blocks: range.show().allocated,
  // A dataset may wait in there.
  trash: onZfs ? [] : await readdir(join(root, 'trash')),
})
const EMPTY = { files: [], directories: [], users: 0, blocks: 0, trash: [] }

await t.test('bad input is told before anything is made', async (t) => {
  const image = busybox
  const invalid: CreateOptions[] = [
    { id: 'a/b', image },
    { id: '..', image },
    { id: 'a\0b', image },
    { id: 'x'.repeat(300), image },
    { id: 'коробка', image },
    { id: '', image },
    { id: 'a', image, memoryLimit: -1 },
    { id: 'a', image, memoryLimit: 'NaN' },
    { id: 'a', image, memoryLimit: 2 ** 60 },
    { id: 'a', image, cpuLimit: 10_000_000 },
    { id: 'a', image, pidsLimit: 1e12 },
    { id: 'a', image, swapLimit: '1 MiB' },
    { id: 'a', image, group: 'default' },
    { id: 'a', image, initCmd: [] },
    { id: 'a', image, rawLxc: 'lxc.include = /etc/passwd' },
    { id: 'a', image, user: 'a b' },
    { id: 'a', image: { distribution: '' } },
    { id: 'a', image, surprise: 1 } as CreateOptions,
    { image } as CreateOptions,
    { id: 'a' } as CreateOptions,
  ]
  for (const options of invalid) {
    await t.rejects(
      host.containers.create(options),
      { code: 'ERR_INVALID_ARGUMENT' },
      JSON.stringify(options),
    )
  }
  const missing: [CreateOptions, string][] = [
    [{ id: 'a', image: { distribution: 'hurd' } }, 'image'],
    [{ id: 'a', image: { distribution: 'busybox', version: '99' } }, 'image'],
    [{ id: 'a', image, group: '/nowhere' }, 'group'],
    [{ id: 'a', image, user: 'nobody' }, 'user'],
    [{ id: 'a', image, pool: 'other' }, 'pool'],
  ]
  for (const [options, kind] of missing) {
    await t.rejects(host.containers.create(options), { code: 'ERR_NOT_FOUND', kind }, kind)
  }
  t.same(await nothing(), EMPTY)
})

await t.test('an id is had by one container', async (t) => {
  const ct = await host.containers.create({ id: 'one', image: busybox })
  await t.rejects(host.containers.create({ id: 'one', image: busybox }), {
    code: 'ERR_EXISTS',
    kind: 'container',
  })
  const both = await Promise.allSettled([
    host.containers.create({ id: 'two', image: busybox }),
    host.containers.create({ id: 'two', image: busybox }),
  ])
  t.same(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  t.match(
    both.find(({ status }) => status === 'rejected'),
    { reason: { code: 'ERR_BUSY' } },
  )
  await host.containers.get('two').delete()
  await ct.delete()
  t.same(await nothing(), EMPTY)
})

await t.test('a creation that is aborted is undone', async (t) => {
  const reason = new Error('enough')
  const options = { id: 'one', image: busybox }
  await t.rejects(host.containers.create(options, { signal: AbortSignal.abort(reason) }), reason)
  for (const delay of [0, 1, 3, 6]) {
    const controller = new AbortController()
    const creating = host.containers.create(options, { signal: controller.signal })
    setTimeout(() => controller.abort(reason), delay)
    const outcome = await creating.catch((error: unknown) => error)
    if (outcome === reason) t.same(await nothing(), EMPTY, `after ${delay} ms`)
    else await host.containers.get('one').delete()
  }
})

await t.test('the file speaks the original language', async (t) => {
  const user = await host.users.create({ name: 'shared' })
  const ct = await host.containers.create({
    id: 'Web_1',
    image: busybox,
    user: 'shared',
    hostname: 'web.example.org',
    dnsResolvers: ['192.0.2.1'],
    autostart: true,
    initCmd: ['/sbin/init', 'quiet'],
    rawLxc: 'lxc.environment = A=b\n',
  })
  const path = join(root, 'conf/ct/Web_1.yml')
  const yaml = await readFile(path, 'utf8')
  for (const line of [
    'user: shared',
    'group: /default',
    'distribution: busybox',
    'version: "1"',
    'hostname: web.example.org',
    'net_interfaces: []',
    'nesting: false',
  ]) {
    t.ok(yaml.split('\n').includes(line), line)
  }
  t.match(yaml, /^autostart:\n {2}priority: 1000\n {2}delay: 5$/m)
  t.match(yaml, /^init_cmd:\n {2}- \/sbin\/init\n {2}- quiet$/m)
  t.match(yaml, /^prlimits:\n {2}nofile:\n {4}soft: 1024\n {4}hard: 1048576$/m)
  t.match(yaml, /^vpsadminos:\n {2}clone_mode: \w+\n {2}image: busybox-1-/m)
  t.notMatch(yaml, /staged/)
  t.equal((await stat(path)).mode & 0o7777, 0o400)
  await t.rejects(user.delete(), { code: 'ERR_IN_USE', users: ['Web_1'] })
  await ct.delete()
  t.ok(host.users.find('shared'), 'a user of its own stays')
  await user.delete()
})

await t.test('rename', async (t) => {
  const ct = await startedContainer(host, { id: 'old' })
  await ct.exec(['touch', '/root/mine'])
  await t.rejects(ct.rename('new'), { code: 'ERR_STATE' })
  await ct.stop({ method: 'kill' })
  const other = await host.containers.create({ id: 'other', image: busybox })
  await t.rejects(ct.rename('other'), { code: 'ERR_EXISTS' })
  await t.rejects(ct.rename('a/b'), { code: 'ERR_INVALID_ARGUMENT' })
  await ct.rename('new')
  t.equal(ct.id, 'new')
  t.equal(host.containers.find('old'), null)
  t.equal(host.containers.get('new'), ct)
  await ct.start()
  t.equal(
    (await ct.exec(['sh', '-c', 'hostname; cat /etc/hostname; ls /root'])).stdout,
    'new\nnew\nmine\n',
  )
  t.match(containersOn(pool), ['new', 'other'])
  t.match(
    (await readdir(join(root, 'log/ct'))).filter((name) => name.startsWith('old')),
    [],
  )
  await ct.delete({ force: true })
  await other.delete()
  t.same(await nothing(), EMPTY)
  t.same((await host.audit()).leftovers, [])
})

await t.test('an image that is in use is kept', async (t) => {
  const [image] = host.images.list()
  const ct = await host.containers.create({ id: 'one', image: busybox })
  const id = image?.id ?? ''
  // A clone has what it needs.
  if (!onZfs) await t.rejects(host.images.delete(id), { code: 'ERR_IN_USE', users: ['one'] })
  await ct.delete()
})

await t.test('a list is made from memory, and can be filtered', async (t) => {
  await host.groups.create({ path: '/a' })
  const one = await host.containers.create({ id: 'one', image: busybox, group: '/a' })
  const two = await startedContainer(host, { id: 'two' })
  t.same(
    host.containers
      .list()
      .map(({ id }) => id)
      .sort(),
    ['one', 'two'],
  )
  t.same(
    host.containers.list({ group: '/a' }).map(({ id }) => id),
    ['one'],
  )
  t.same(
    host.containers.list({ state: 'running' }).map(({ id }) => id),
    ['two'],
  )
  t.match(host.containers.show('tank:two'), { state: 'running' })
  t.ok(Object.isFrozen(one.show()))
  const stats = await host.containers.stats()
  t.match(stats.get('two'), { pids: Number, memory: Number })
  t.equal(stats.get('one')?.pids, null)
  t.same([...(await host.containers.stats(['tank:two'])).keys()], ['tank:two'])
  const some = { figures: ['pids', 'memory'] as const }
  t.match(await host.containers.stats(['two'], some), new Map([['two', { pids: Number }]]))
  t.same(Object.keys(await two.stats(some)).sort(), ['memory', 'pids'])
  t.same(Object.keys(await two.group.stats(some)).sort(), ['memory', 'pids'])
  t.same([...(await host.groups.stats(['/default'], some)).keys()], ['/default'])
  // @ts-expect-error there is no such figure
  await t.rejects(two.stats({ figures: ['load'] }), { code: 'ERR_INVALID_ARGUMENT' })
  await one.delete()
  await two.delete({ force: true })
})

await t.test('two renames to the same name at once: the second finds it done', async (t) => {
  const ct = await host.containers.create({ id: 'twice', image: { distribution: 'busybox' } })
  await Promise.all([ct.rename('once'), ct.rename('once', { wait: upTo(10_000) })])
  t.equal(ct.show().id, 'once')
  await ct.delete()
})

await t.test('a name that a rename has left is free again', async (t) => {
  const first = await host.containers.create({ id: 'name', image: busybox })
  await first.rename('former')
  const second = await host.containers.create({ id: 'name', image: busybox })
  t.not(second.user.name, first.user.name)
  await first.delete()
  await second.delete()
  t.notOk(host.users.list().some(({ name }) => name.startsWith('name')))
})

await t.test('one that is gone is told to be, although its user could not follow', async (t) => {
  const ct = await host.containers.create({ id: 'gone', image: busybox })
  const told = first(host.events(), ({ type }) => type === 'deleted')
  arm({ how: 'fail', step: 'leave.cgroups' })
  await t.rejects(ct.delete(), { code: 'ERR_FAULT' })
  t.match(await told, { pool: 'tank', id: 'gone' })
  t.equal(host.containers.find('gone'), null)
  await host.users.get('gone').delete()
})
