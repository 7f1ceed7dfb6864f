// The configuration of a container as a whole: replaced, or edited by hand and read anew.
import { chmodSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { arm } from '../../../dist/step.js'
import { busybox, first, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const file = (id: string) => join(host.pools.get('tank').show().path, 'conf/ct', `${id}.yml`)
const make = (id: string, more: object = {}) =>
  host.containers.create({ id, image: busybox, ...more })
const nameIn = async (id: string): Promise<string> => {
  const chunks: string[] = []
  const content = await host.containers.get(id).pull('/etc/hostname')
  for await (const chunk of content) chunks.push(String(chunk))
  return chunks.join('')
}

await t.test('replaced: what is not said goes back to its default', async (t) => {
  const ct = await make('one', { memoryLimit: '64 MiB', nesting: true, hostname: 'old.example' })
  await ct.attributes.set({ 'org.example:note': 'x' })
  const { user, image, cloneMode } = ct.show()
  const events = host.events()
  const changed = first(events, ({ type }) => type === 'changed')
  await ct.replaceConfig(
    '# by hand\nuser: one\ndistribution: busybox\nversion: 1\nhostname: new.example\n' +
      'autostart: {priority: 5, delay: 2}\nvpsadminos: {autostart: {after: [two], requires: []}}\n',
  )
  t.match(ct.show(), {
    ...{ user, image, cloneMode, group: '/default', hostname: 'new.example' },
    ...{ memoryLimit: null, nesting: false, prlimits: {}, attributes: {} },
    autostart: { priority: 5, after: ['two'] },
  })
  t.same(Object.keys(ct.show().attributes), [])
  t.match(await changed, {
    id: 'one',
    settings: [
      ...['hostname', 'autostart', 'prlimits', 'nesting', 'cgparams', 'memoryLimit', 'swapLimit'],
      'attributes',
    ],
  })
  t.match(readFileSync(file('one'), 'utf8'), /^# by hand\n/)
  t.equal(statSync(file('one')).mode & 0o777, 0o400)
  t.equal(await nameIn('one'), 'new\n')
  t.notMatch(readFileSync(file('one'), 'utf8'), /unnamed/)
  t.same(await host.healthcheck(), [])
  await ct.start()
  t.equal((await ct.exec(['hostname'])).stdout.trim(), 'new')
  await t.rejects(ct.replaceConfig('nesting: true\n'), { code: 'ERR_STATE' })
  await t.rejects(ct.reloadConfig(), { code: 'ERR_STATE' })
  await t.rejects(ct.setDistribution({ distribution: 'debian', version: '12' }), {
    code: 'ERR_STATE',
  })
  await ct.kill()
  await ct.replaceConfig(readFileSync(file('one'), 'utf8'))
  t.match(ct.show(), { hostname: 'new.example', image }, 'also by what it is')
})

await t.test('what is in the rootfs does not change by not being said', async (t) => {
  const ct = await make('silent')
  const { distribution, version, arch } = ct.show()
  await ct.replaceConfig('nesting: true\ncpu_package: auto\n')
  t.match(ct.show(), { distribution, version, arch, nesting: true })
  t.match(readFileSync(file('silent'), 'utf8'), /^cpu_package: auto$/m, 'nor what is not for us')
  t.equal(distribution, 'busybox')
  await ct.delete()
})

await t.test('what is refused, and leaves it as it is', async (t) => {
  const ct = await make('two')
  const before = [readFileSync(file('two'), 'utf8'), ct.show()]
  const group = 'group: /default\n'
  const refused: [string, { code?: string; [fact: string]: unknown }][] = [
    ['user: one\n', { argument: 'replaceConfig.config.user', message: /must stay "two"/ }],
    ['hostnmae: x\n', { argument: 'replaceConfig.config.hostnmae', message: /is not known/ }],
    ['group: /\n', { argument: 'replaceConfig.config.group', message: /must stay "\/default"/ }],
    ['dataset: x/y\n', { argument: 'replaceConfig.config.dataset', message: /must not be given/ }],
    ['state: staged\n', { argument: 'replaceConfig.config.state' }],
    [
      'vpsadminos: {image: other}\n',
      { argument: 'replaceConfig.config.vpsadminos.image', message: /must stay "/ },
    ],
    ['vpsadminos: {unnamed: true}\n', { argument: 'replaceConfig.config.vpsadminos.unnamed' }],
    ['', { argument: 'replaceConfig.config', message: /says nothing/ }],
    [' \n', { message: /says nothing/ }],
    ['x'.repeat(2 ** 18 + 1), { message: /at most 256 KiB/ }],
    ['- a\n', { code: 'ERR_CONFIG_BROKEN' }],
    ['null\n', { code: 'ERR_CONFIG_BROKEN' }],
    ['a: [\n', { code: 'ERR_CONFIG_BROKEN', line: 2 }],
    [`a: ${'['.repeat(20_000)}`, { code: 'ERR_CONFIG_BROKEN' }],
    ['{a: '.repeat(9000) + '1' + '}'.repeat(9000), { code: 'ERR_CONFIG_BROKEN' }],
    [`${group}nesting: 3\n`, { code: 'ERR_CONFIG_BROKEN', line: 2, column: 10 }],
    [`a: &a [1]\n${'b: [*a, *a]\n'.repeat(2)}`, { code: 'ERR_CONFIG_BROKEN' }],
    ['hostname: "a b"\n', { argument: 'replaceConfig.config.hostname' }],
    ['raw: {lxc: "lxc.hook.start = /x"}\n', { argument: 'replaceConfig.config.rawLxc' }],
    ['arch: "x\\nlxc.hook.start = /x"\n', { argument: 'replaceConfig.config.arch' }],
    ['seccomp_profile: "/x\\ny"\n', { argument: 'replaceConfig.config.seccompProfile' }],
    ['prlimits: {"x y": {soft: 1, hard: 1}}\n', { code: 'ERR_INVALID_ARGUMENT' }],
    ['net_interfaces: [{type: routed, name: eth0}]\n', { code: 'ERR_INVALID_ARGUMENT' }],
    [
      'net_interfaces: [{type: bridge, name: a, link: b}, {type: bridge, name: c, link: b}]\n',
      { argument: 'replaceConfig.config.netif' },
    ],
    ['mounts: [{dataset: data, mountpoint: /srv}]\n', { code: 'ERR_UNSUPPORTED' }],
    ['attrs: {"no colon": x}\n', { code: 'ERR_INVALID_ARGUMENT' }],
    [
      'cgparams: [{version: 2, subsystem: cgroup, name: cgroup.procs, value: ["1"]}]\n',
      { code: 'ERR_INVALID_ARGUMENT' },
    ],
    [
      'cgparams: [{version: 2, subsystem: memory, name: memory.max, value: ["1"]}]\n',
      { argument: 'replaceConfig.config.memoryLimit' },
    ],
  ]
  for (const [config, error] of refused) {
    await t.rejects(
      ct.replaceConfig(config),
      { code: 'ERR_INVALID_ARGUMENT', ...error },
      config.slice(0, 60),
    )
    t.same([readFileSync(file('two'), 'utf8'), ct.show()], before)
  }
  await t.rejects(ct.replaceConfig(3 as never), { code: 'ERR_INVALID_ARGUMENT' })
  const given = AbortSignal.abort(new Error('no'))
  await t.rejects(ct.replaceConfig('nesting: true\n', { signal: given }), /no/)
  for (const step of ['config.file', 'config.guest'] as const) {
    arm({ how: 'fail', step })
    await t.rejects(ct.replaceConfig('hostname: other\n'), { code: 'ERR_FAULT' })
    arm(null)
    t.same([readFileSync(file('two'), 'utf8'), ct.show()], before, `undone after ${step}`)
    t.equal(await nameIn('two'), 'two\n')
    const left = readdirSync(dirname(file('two'))).filter((name) => !name.endsWith('.yml'))
    t.same(left, [])
  }
})

await t.test('edited by hand, and read anew', async (t) => {
  const ct = await make('three')
  const edit = (change: (text: string) => string): void => {
    const text = readFileSync(file('three'), 'utf8')
    chmodSync(file('three'), 0o600)
    writeFileSync(file('three'), change(text))
  }
  edit((text) => `# mine\n${text.replace(/^hostname: .*\n/m, '')}hostname: edited.example\n`)
  t.equal(ct.show().hostname, null, 'not before it is told')
  await ct.reloadConfig()
  t.equal(ct.show().hostname, 'edited.example')
  t.equal(await nameIn('three'), 'edited\n')
  t.match(readFileSync(file('three'), 'utf8'), /^# mine\n/)
  t.equal(statSync(file('three')).mode & 0o777, 0o400)
  t.same(await host.healthcheck(), [])
  const good = readFileSync(file('three'), 'utf8')
  edit((text) => text.replace(/^user: .*$/m, 'user: one'))
  await t.rejects(ct.reloadConfig(), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'reloadConfig.config.user',
  })
  edit(() => 'nesting: [\n')
  await t.rejects(ct.reloadConfig(), { code: 'ERR_CONFIG_BROKEN', path: file('three') })
  t.equal(ct.show().hostname, 'edited.example')
  edit(() => good)
  await ct.reloadConfig()
})

await t.test('another distribution has its name elsewhere', async (t) => {
  const ct = await make('four', { hostname: 'four.example' })
  await ct.setDistribution({ distribution: 'fedora', version: '40' })
  t.match(ct.show(), { distribution: 'fedora', version: '40', arch: 'x86_64' })
  t.equal(await nameIn('four'), 'four.example\n')
  const wrong = { distribution: 'a b', version: '1' }
  await t.rejects(ct.setDistribution(wrong), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'setDistribution.distribution',
  })
  await ct.setDistribution({ distribution: 'busybox', version: '1', arch: 'x86_64' })
  await ct.start()
  await ct.delete({ force: true })
})

await t.test('one that is to last for a run lasts for the next one', async (t) => {
  const ct = await startedContainer(host, { id: 'five' })
  await ct.kill()
  await ct.replaceConfig('distribution: busybox\nversion: "1"\nephemeral: true\n')
  t.equal(host.containers.find('five')?.show().ephemeral, true)
  await ct.start()
  await ct.kill()
  t.equal(host.containers.find('five'), null)
})

await t.test('names that an earlier change has not come to are still to come', async (t) => {
  const ct = await make('six')
  const { record } = ct
  await ct.push('/etc/hostname', 'half\n')
  record.config = await record.file.update({ vpsadminos: { unnamed: true } })
  const before = record.config
  for (const step of ['config.file', 'config.guest', 'set.file', 'set.guest'] as const) {
    arm({ how: 'fail', step })
    const changed: Promise<unknown> = step.startsWith('config')
      ? ct.replaceConfig('hostname: other\n')
      : ct.set({ hostname: 'other' })
    await t.rejects(changed, { code: 'ERR_FAULT' })
    arm(null)
    t.same(record.config, before, step)
    t.match(readFileSync(file('six'), 'utf8'), /unnamed: true/)
    t.equal(await nameIn('six'), 'half\n')
  }
  await ct.set({ dnsResolvers: ['192.0.2.1'] })
  t.equal(await nameIn('six'), 'six\n')
  t.equal(record.config.vpsadminos.unnamed, undefined)
})
