// Raw cgroup parameters: what is shown can be given back, and what is said to be in force is.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerSettings } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, first, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const cgroups = Cgroups.mounted()
t.teardown(() => cgroups.close())
const root = host.pools.get('tank').show().path
const fileOf = (id: string) => readFile(join(root, `conf/ct/${id}.yml`), 'utf8')

// One of each version: a file that can be written, and its value by itself.
const soft = { version: 1, name: 'memory.soft_limit_in_bytes' } as const
const high = { version: 2, name: 'memory.high' } as const
const v1 = cgroups.version('memory') === 1
const [here, elsewhere] = v1 ? [soft, high] : [high, soft]
const shares = { version: 1, name: 'cpu.shares', value: '512' } as const
const weight = { version: 2, name: 'cpu.weight', value: '50' } as const
const [stuck, initial] = cgroups.version('cpu') === 1 ? [shares, '1024'] : [weight, '100']

await t.test('what show() tells can be given to set(), and changes nothing', async (t) => {
  const ct = await host.containers.create({
    id: 'one',
    image: busybox,
    memoryLimit: '64 MiB',
    cpuLimit: 50,
    pidsLimit: 30,
    hostname: 'one.example.org',
    dnsResolvers: ['192.0.2.1'],
    autostart: { priority: 5 },
    initCmd: ['/sbin/init', 'x'],
    cgparams: [{ ...here, value: 2 ** 25 }],
    netif: { type: 'bridge', link: 'br0' },
    rawLxc: 'lxc.environment = A=b',
  })
  t.same(ct.show().cgparams, [{ ...here, value: [String(2 ** 25)] }], 'without those of limits')
  const before = ct.show()
  const text = await fileOf('one')
  t.match(text, new RegExp(`subsystem: memory\n +name: ${here.name.replace('.', '\\.')}\n`))
  await ct.set({ cgparams: before.cgparams })
  t.same(ct.show(), before)
  t.equal(await fileOf('one'), text)
  const settable = ['memoryLimit', 'swapLimit', 'cpuLimit', 'pidsLimit', 'hostname', 'dnsResolvers']
  settable.push('autostart', 'initCmd', 'prlimits', 'cgparams', 'rawLxc', 'seccompProfile')
  settable.push('netif', 'nesting')
  const shown = Object.entries(before).filter(([name]) => settable.includes(name))
  t.equal(shown.length, settable.length)
  await ct.set(Object.fromEntries(shown))
  t.same(ct.show(), before, 'and so can all other settings')
  await ct.delete()
})

await t.test("the original's own fields of a parameter stay with it", async (t) => {
  const ct = await host.containers.create({
    id: 'two',
    image: busybox,
    cpuLimit: 50,
    cgparams: [{ ...here, value: 'a' }],
  })
  await ct.delete()
  const again = await host.containers.create({
    id: 'two',
    image: busybox,
    cpuLimit: 50,
    cgparams: [{ ...here, value: 4096 * 1000 }],
  })
  const path = join(root, 'conf/ct/two.yml')
  const text = await fileOf('two')
  await writeFile(path, text.replace(`name: ${here.name}\n`, `$&    persistent: true\n`))
  await again.set({ hostname: 'two' })
  t.match(await fileOf('two'), /persistent: true/)
  await again.delete()
})

await t.test('of the version that is not here: kept, and not said to be in force', async (t) => {
  const param = { ...elsewhere, value: '1' }
  const kept = [{ ...elsewhere, value: ['1'] }]
  for (const ct of [
    await host.containers.create({ id: 'three', image: busybox }),
    await startedContainer(host, { id: 'four' }),
  ]) {
    t.same(await ct.set({ cgparams: [param], pidsLimit: 50 }), {
      applied: ['pidsLimit'],
      pending: [],
      unusedCgparams: kept,
    })
    t.same(ct.show().unusedCgparams, kept)
    t.match(await ct.set({ cgparams: [param, { ...here, value: 2 ** 25 }] }), {
      applied: ['cgparams'],
      unusedCgparams: kept,
    })
    t.equal(ct.show().cgparams.length, 2)
    await ct.delete({ force: true })
  }
  const made = await host.containers.create({ id: 'three', image: busybox, cgparams: [param] })
  t.same(made.show().unusedCgparams, kept)
  await made.delete()
})

await t.test('what the kernel has no file for is refused, also while it is stopped', async (t) => {
  const { version } = here
  const ct = await host.containers.create({ id: 'five', image: busybox })
  const hostVersion = cgroups.layout === 'unified' ? 2 : 1
  const cases: [object, RegExp][] = [
    [{ version, name: 'memory.nope', value: '1' }, /no such file/],
    [{ version, name: 'memory.stat', value: '1' }, /only be read/],
    [{ version: hostVersion, name: 'nonsense.max', value: '1' }, /no controller 'nonsense'/],
  ]
  for (const [param, reason] of cases) {
    const cgparams = [{ ...here, value: 2 ** 25 }, param] as ContainerSettings['cgparams']
    const refused = (what: string) => ({
      code: 'ERR_INVALID_ARGUMENT',
      argument: `${what}.cgparams.1.name`,
      reason,
    })
    await t.rejects(ct.set({ cgparams }), refused('set'))
    await t.rejects(
      host.containers.create({ id: 'six', image: busybox, cgparams }),
      refused('create'),
    )
    await t.rejects(host.groups.create({ path: '/six', cgparams }), refused('create'))
    await t.rejects(host.groups.get('/default').set({ cgparams }), refused('set'))
  }
  t.same(ct.show().cgparams, [])
  t.equal(host.containers.find('six'), null)
  t.equal(host.groups.find('/six'), null)
  await ct.start()
  await ct.delete({ force: true })
})

await t.test('what the kernel cannot take back waits for the next start', async (t) => {
  const ct = await startedContainer(host, { id: 'seven' })
  const controller = stuck.name.slice(0, stuck.name.indexOf('.'))
  const read = async () => (await cgroups.dir(ct.show().cgroup).read(controller, stuck.name)).trim()
  t.match(await ct.set({ cgparams: [stuck, { ...here, value: 2 ** 25 }] }), {
    applied: ['cgparams'],
    pending: [],
  })
  t.equal(await read(), stuck.value)
  t.match(await ct.set({ cgparams: [stuck] }), { applied: ['cgparams'] })
  t.match(await ct.set({ cgparams: null }), { applied: [], pending: ['cgparams'] })
  t.equal(await read(), stuck.value)
  await ct.restart({ method: 'kill' })
  t.equal(await read(), initial)
  t.same(ct.show().pending, [])
  await ct.delete({ force: true })
})

await t.test('a setting that is undefined was not given', async (t) => {
  const ct = await host.containers.create({ id: 'eight', image: busybox, memoryLimit: '64 MiB' })
  const events = host.events()
  const nothing = { applied: [], pending: [], unusedCgparams: [] }
  t.same(await ct.set({ memoryLimit: undefined }), nothing)
  t.same(await ct.set({}), nothing)
  t.match(await ct.set({ cpuLimit: 50, hostname: undefined }), { applied: ['cpuLimit'] })
  t.match(await first(events, ({ type }) => type === 'changed'), { settings: ['cpuLimit'] })
  t.match(ct.show(), { memoryLimit: 64 * 2 ** 20 })
  await ct.delete()
})

await t.test('unset() takes names, and says what there is', async (t) => {
  const ct = await host.containers.create({ id: 'nine', image: busybox, hostname: 'x' })
  await t.rejects(ct.unset('foo' as never), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'unset.foo',
    reason: /^no such option; there are memoryLimit, .*, nesting$/,
  })
  await t.rejects(ct.unset(['hostname'] as never), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'unset',
    reason: /one by one/,
  })
  t.equal(ct.show().hostname, 'x')
  t.match(await ct.unset('hostname'), { applied: ['hostname'] })
  t.equal(ct.show().hostname, null)
  await ct.delete()
})
