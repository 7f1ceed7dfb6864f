// Names, limits, maps and settings that cannot be: refused by a typed error before anything changes.
import {
  ExistsError,
  IdOverlapError,
  InvalidArgumentError,
  NotFoundError,
  type CreateOptions,
} from 'vpsadminos'
import { totalmem } from 'node:os'
import type { Test } from 'tap'
import { first } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'
import { importBusybox, systemHost } from '../helpers/system.js'
import { refused, traceOf } from '../helpers/unchanged.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')

const host = await systemHost(t)
await importBusybox(t, host)
const image = { distribution: 'busybox' }
const create = (options: Omit<CreateOptions, 'image'>) => () =>
  host.containers.create({ image, ...options })
const running = await host.containers.create({ id: 'running', image })
const stopped = await host.containers.create({ id: 'stopped', image })
await running.start()
// It writes while it boots.
await first(running.console(), (output) => output.toString().includes('activate'))

const invalid = (
  t: Test,
  attempts: Record<string, () => unknown>,
  argument: string | RegExp = /./,
): Promise<void> =>
  refused(t, host, InvalidArgumentError, { code: 'ERR_INVALID_ARGUMENT', argument }, attempts)

const names = {
  empty: '',
  'with a slash': 'a/b',
  absolute: '/etc/passwd',
  'one dot': '.',
  'two dots': '..',
  'that climbs': '../../x',
  'with dots': 'a..b',
  'with NUL': 'a\0b',
  'with a newline': 'a\nb',
  'with a blank': 'a b',
  'of 300 characters': 'x'.repeat(300),
  Czech: 'žluťoučký',
  Greek: 'αβγ',
  Chinese: '容器',
  'with a look-alike': 'wеb',
  'with fullwidth digits': 'web１',
  'with a surrogate': 'a\ud800',
  'with a colon': 'tank:a',
  'a number': 1 as unknown as string,
  null: null as unknown as string,
}

await t.test('ids of containers', async (t) => {
  const creates = Object.entries(names).map(([what, id]) => [what, create({ id })] as const)
  await invalid(t, Object.fromEntries(creates), 'create.id')
  const renames = Object.entries(names).map(
    ([what, id]) => [what, () => stopped.rename(id)] as const,
  )
  await invalid(t, Object.fromEntries(renames), 'rename.id')
})

await t.test('names of users, groups and id-ranges', async (t) => {
  const range = { startId: 2 ** 30, blockSize: 65536, blockCount: 4 }
  for (const [what, name] of Object.entries(names)) {
    await invalid(t, {
      [`user ${what}`]: () => host.users.create({ name }),
      [`group ${what}`]: () => host.groups.create({ path: `/${name}/` }),
      [`id-range ${what}`]: () => host.idRanges.create({ name, ...range }),
    })
  }
})

await t.test('what is there already', async (t) => {
  await refused(
    t,
    host,
    ExistsError,
    { code: 'ERR_EXISTS' },
    {
      'a container': create({ id: 'stopped' }),
      'one that runs': create({ id: 'running' }),
      'the other name': () => stopped.rename('running'),
      'a user': () => host.users.create({ name: 'stopped' }),
      'a group': () => host.groups.create({ path: '/default' }),
      'a pool': () => host.pools.install({ name: 'tank', path: '/tmp/vpsadminos-nowhere' }),
    },
  )
})

await t.test('what is not there', async (t) => {
  await refused(
    t,
    host,
    NotFoundError,
    { code: 'ERR_NOT_FOUND' },
    {
      'an image': () => host.containers.create({ id: 'a', image: { distribution: 'debian' } }),
      'a version': () => host.containers.create({ id: 'a', image: { ...image, version: '9' } }),
      'a user': create({ id: 'a', user: 'nobody' }),
      'a group': create({ id: 'a', group: '/none' }),
      'a pool': create({ id: 'a', pool: 'none' }),
      'a container': () => host.containers.get('none'),
    },
  )
})

await t.test('limits', async (t) => {
  const bad = {
    negative: -1,
    NaN,
    'without end': Infinity,
    'beyond numbers': 2 ** 60,
    'as text that is none': 'much',
    'with a sign': '-5 MiB',
    'as an object': {},
  }
  for (const limit of ['memoryLimit', 'swapLimit', 'cpuLimit', 'pidsLimit'] as const) {
    for (const [what, value] of Object.entries(bad)) {
      const options = { [limit]: value } as object
      const attempts = {
        [`${limit} ${what}, new`]: create({ id: 'a', ...options }),
        [`${limit} ${what}, running`]: () => running.set(options),
        [`${limit} ${what}, stopped`]: () => stopped.set(options),
        [`${limit} ${what}, group`]: () => host.groups.create({ path: '/g', ...options }),
      }
      await invalid(t, attempts, new RegExp(`\\.${limit}$`))
    }
  }
  await invalid(t, {
    'more memory than the machine has': () => running.set({ memoryLimit: totalmem() + 4096 }),
    'more swap': () => running.set({ swapLimit: 2 ** 50 }),
    'more CPUs': () => running.set({ cpuLimit: 100_000 }),
    'more processes': () => running.set({ pidsLimit: 2 ** 32 }),
    'no memory at all': () => running.set({ memoryLimit: 0 }),
    'half a process': () => running.set({ pidsLimit: 1.5 }),
    'no processes': () => running.set({ pidsLimit: 0 }),
    'one good, one bad': () => running.set({ memoryLimit: '64 MiB', cpuLimit: -1 }),
    'a limit that nobody knows': () => running.set({ memory: '1 GiB' } as object),
    'a soft limit above the hard one': () =>
      stopped.set({ prlimits: { nofile: { soft: 2, hard: 1 } } }),
  })
})

await t.test('settings', async (t) => {
  await invalid(t, {
    'a hostname with a newline': () => running.set({ hostname: 'a\nb' }),
    'a label of 64 characters': () => running.set({ hostname: 'x'.repeat(64) }),
    'an empty hostname': create({ id: 'a', hostname: '' }),
    'a resolver that is no address': () => running.set({ dnsResolvers: ['localhost'] }),
    'a resolver with a newline': () => running.set({ dnsResolvers: ['1.1.1.1\noptions x'] }),
    'a relative init': () => stopped.set({ initCmd: ['init'] }),
    'an init with NUL': () => stopped.set({ initCmd: ['/sbin/init', 'a\0'] }),
    'a hook': () => stopped.set({ rawLxc: 'lxc.hook.pre-start = /bin/true' }),
    'an included file': () => stopped.set({ rawLxc: 'lxc.include = /etc/passwd' }),
    'a line that is none': () => stopped.set({ rawLxc: 'rubbish' }),
    'a cgroup file elsewhere': () =>
      stopped.set({ cgparams: [{ version: 1, name: '../../memory.max', value: 1 }] }),
    'an interface on a bridge with a path': () =>
      stopped.set({ netif: { type: 'bridge', link: '../x' } }),
  })
})

await t.test('id maps', async (t) => {
  const good = ['0:3000000:65536']
  const user =
    (uidMap: string[], gidMap = good) =>
    () =>
      host.users.create({ name: 'mapped', uidMap, gidMap })
  await invalid(t, {
    'without uid 0': user(['1:3000001:65535']),
    'without gid 0': user(good, ['1:3000001:65535']),
    'that overlaps inside': user(['0:3000000:100', '50:4000000:100']),
    'that overlaps on the host': user(['0:3000000:100', '100:3000050:100']),
    'that gives the root of the host': user(['0:0:1']),
    'beyond 32 bits': user(['0:4294967290:100']),
    'of nothing': user(['0:3000000:0']),
    'without entries': user([]),
    'that is no map': user(['root']),
    'with a sign': user(['0:-1:10']),
  })
  const taken = running.user.show().uidMap
  await refused(
    t,
    host,
    IdOverlapError,
    { code: 'ERR_ID_OVERLAP' },
    {
      "with another user's ids": user([...taken], [...taken]),
    },
  )
})

await t.test('a change would be seen', async (t) => {
  const before = traceOf(host)
  const user = await host.users.create({ name: 'seen' })
  t.notSame(traceOf(host).files, before.files)
  await user.delete()
  t.strictSame(traceOf(host).cgroups, before.cgroups)
  await stopped.start()
  t.notSame(traceOf(host).cgroups, before.cgroups)
  await stopped.kill()
})

await t.test('all goes on', async (t) => {
  t.match(await running.set({ memoryLimit: '64 MiB' }), { applied: ['memoryLimit'] })
  t.equal((await running.exec(['true'])).exitCode, 0)
  await running.stop({ method: 'kill' })
  for (const ct of [running, stopped]) t.match(await ct.delete(), { leftovers: [] })
})
