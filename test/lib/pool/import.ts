// Pools: what they look like on disk, and what makes one unusable.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { StatePaths } from '../../../dist/host/paths.js'
import { hierarchies } from '../../helpers/hierarchies.js'
import { busybox, busyboxImage, importBusybox, temporaryHost } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { warning } from '../../helpers/warning.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const dir = mkdtempSync(join(tmpdir(), 'pool-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))
const path = join(dir, 'other')
const pool = { name: 'other', path }

const exported = async (change: () => void): Promise<void> => {
  if (host.pools.find('other') !== null) await host.pools.export('other')
  change()
}

await t.test('install makes the layout of the original', async (t) => {
  await host.pools.install(pool)
  t.match(host.pools.get('other').show(), { state: 'active', users: 0, groups: 2, broken: [] })
  const mode = (name: string) => (statSync(join(path, name)).mode & 0o7777).toString(8)
  t.equal(mode(''), '700')
  for (const name of ['ct', 'log']) t.equal(mode(name), '511', name)
  for (const name of ['conf', 'hook', 'repository', 'migration', 'trash'])
    t.equal(mode(name), '500', name)
  for (const name of ['pool', 'ct', 'group', 'user', 'send-receive', 'repository', 'id-range']) {
    t.equal(mode(`conf/${name}`), '500', name)
  }
  t.equal(mode('conf/pool/config.yml'), '400')
  t.match(
    readFileSync(join(path, 'conf/pool/config.yml'), 'utf8'),
    /^parallel_start: 2\nparallel_stop: 4\n/,
  )
  t.match(readFileSync(join(path, 'conf/group/config.yml'), 'utf8'), /^path: \/$/m)
  await t.rejects(host.pools.install(pool), { code: 'ERR_EXISTS' })
  await t.rejects(host.pools.import(pool), { code: 'ERR_EXISTS' })
})

await t.test('export and import', async (t) => {
  await importBusybox(t, host)
  await host.groups.create({ path: '/a/b', pool: 'other', parents: true, memoryLimit: '64 MiB' })
  const image = await host.pools.get('other').images.import({
    path: host.images.list()[0]?.root ?? '',
    distribution: 'busybox',
    version: '1',
  })
  const ct = await host.containers.create({
    id: 'one',
    pool: 'other',
    group: '/a/b',
    image: busybox,
  })
  await ct.start()
  await t.rejects(host.pools.export('other'), { code: 'ERR_STATE' })
  await ct.stop({ method: 'kill' })
  const { record } = ct
  for (const work of [
    () => ct.set({ pidsLimit: 900 }),
    () => ct.attributes.set({ 'org.example:a': 'b' }),
  ]) {
    const op = record.beside('test', {})
    const settings = await record.lockSettings(op)
    const rootfs = await record.lockRootfs(op)
    const working = work()
    await until(() => host.locks().some(({ waiters }) => waiters.length > 0))
    await t.rejects(host.pools.export('other'), { code: 'ERR_BUSY' }, 'while its files change')
    rootfs[Symbol.dispose]()
    settings[Symbol.dispose]()
    op[Symbol.dispose]()
    await working
  }
  const before = ct.show()
  await exported(() => undefined)
  t.equal(host.containers.find('one'), null)
  await t.rejects(ct.start(), { code: 'ERR_STATE' })
  const users = await host.users.create({ name: 'meanwhile' })
  const reimported = await host.pools.import(pool)
  t.match(reimported.show(), { containers: 1, users: 1, groups: 4, broken: [] })
  t.match(host.containers.show('other:one'), before, 'also how it ended')
  t.match(host.groups.get('other:/a/b').show(), { memoryLimit: 64 * 2 ** 20 })
  t.equal(reimported.images.find({ distribution: 'busybox' }).digest, image.digest)
  await host.containers.get('other:one').start()
  await host.containers.get('other:one').stop({ method: 'kill' })
  await users.delete()
})

await t.test('one is exported also while somebody else is in its cgroup', async (t) => {
  const other = host.pools.get('other')
  const group = host.groups.get('other:/default')
  await group.ensureCgroup()
  const [hierarchy = ''] = hierarchies
  const cgroup = join(hierarchy, other.cgroup)
  const planted = join(hierarchy, group.cgroup, 'user.web/ct.gone')
  mkdirSync(planted, { recursive: true })
  const left = spawn('sleep', ['1000'])
  t.teardown(() => left.kill('SIGKILL'))
  const ended = once(left, 'exit')
  writeFileSync(join(planted, 'cgroup.procs'), String(left.pid))
  // As after a change of its limits that has failed.
  const { lxcPath } = other.show()
  const note = new StatePaths(join(lxcPath, '../../..')).unapplied('other', '/default')
  writeFileSync(note, '[]')
  const warned = warning(/^cgroup of pool other could not be removed: EBUSY/)
  await host.pools.export('other')
  t.match(await warned, { code: 'VPSADMINOS_UNFINISHED' })
  t.equal(host.pools.find('other'), null)
  t.notOk(existsSync(lxcPath), 'the rest of its run state has gone')
  t.ok(existsSync(note), 'what the cgroup has in force is still to be taken back')
  const { leftovers } = await host.audit()
  t.match(
    leftovers.filter(({ what }) => what === cgroup),
    [{ type: 'cgroup', reason: 'its pool is not imported' }],
  )
  left.kill('SIGKILL')
  await ended
  await host.pools.import(pool)
  t.match(host.pools.get('other').show(), { state: 'active', containers: 1 })
  t.notOk(existsSync(note), 'it is')
})

await t.test('its images are changed as those of the host are', async (t) => {
  const { images } = host.pools.get('other')
  const what = { path: busyboxImage(t), distribution: 'second', version: '2' }
  const importing = images.import(what, { label: 'a test' })
  const held = host.locks().find(({ resource }) => resource.startsWith('image other:'))
  t.match(held, { holder: 'import', label: 'a test' }, 'locks tell of it')
  await t.rejects(host.pools.export('other'), { code: 'ERR_BUSY' })
  const { id } = await importing
  const deleting = images.delete(id)
  await t.rejects(images.delete(id), { code: 'ERR_BUSY' })
  await t.rejects(host.pools.export('other'), { code: 'ERR_BUSY' })
  await deleting
  await t.rejects(images.delete(id), { code: 'ERR_NOT_FOUND' })
})

await t.test(
  'a broken file is told with its place, and the rest of the pool goes on',
  async (t) => {
    const file = join(path, 'conf/ct/one.yml')
    const text = readFileSync(file, 'utf8')
    await exported(() => {
      chmodSync(file, 0o600)
      writeFileSync(file, text.replace('nesting: false', 'nesting: [false'))
      writeFileSync(join(path, 'conf/ct/b@d.yml'), 'user: x\n')
      writeFileSync(
        join(path, 'conf/user/half.yml'),
        'uid_map: ["1:4000000000:5"]\ngid_map: ["0:4000000000:5"]\n',
      )
      writeFileSync(join(path, 'conf/ct/lost.yml'), 'user: nobody\n')
    })
    const imported = await host.pools.import(pool)
    const { broken, containers } = imported.show()
    t.equal(containers, 0)
    const reason = (name: string) => broken.find((one) => one.path.endsWith(name))?.reason ?? ''
    t.match(reason('ct/one.yml'), /one\.yml:\d+:\d+: /)
    t.match(reason('ct/b@d.yml'), /not a valid name/)
    t.match(reason('user/half.yml'), /must map id 0/)
    t.match(reason('ct/lost.yml'), /user 'nobody' does not exist/)
    t.equal(broken.length, 4)
    await t.rejects(host.containers.create({ id: 'one', pool: 'other', image: busybox }), {
      code: 'ERR_EXISTS',
    })
    t.equal(host.users.get('other:one').show().standalone, false, 'its user is still there')
    const two = await host.containers.create({ id: 'two', pool: 'other', image: busybox })
    await two.start()
    await two.delete({ force: true })
    await exported(() => {
      writeFileSync(file, `# mended\nfuture_field: 1\n${text}`)
      for (const name of ['ct/b@d', 'user/half', 'ct/lost']) rmSync(join(path, `conf/${name}.yml`))
    })
    await host.pools.import(pool)
    t.same(host.pools.get('other').show().broken, [])
    await host.containers.get('other:one').set({ pidsLimit: 5 })
    t.match(readFileSync(file, 'utf8'), /^# mended\nfuture_field: 1\n/)
  },
)

await t.test('what an interrupted operation left is cleared away', async (t) => {
  await exported(() => {
    mkdirSync(join(path, 'ct/half/upper'), { recursive: true })
    mkdirSync(join(path, 'trash/gone.0123456789ab/upper'), { recursive: true })
    writeFileSync(join(path, 'conf/ct/.one.yml.abc.new'), 'half')
    const one = readFileSync(join(path, 'conf/ct/one.yml'), 'utf8')
    writeFileSync(
      join(path, 'conf/ct/half.yml'),
      `${one.replace('user: one', 'user: half')}state: staged\n`,
    )
    writeFileSync(
      join(path, 'conf/user/half.yml'),
      'uid_map: ["0:4094000000:65536"]\ngid_map: ["0:4094000000:65536"]\nstandalone: false\n',
    )
  })
  await host.pools.import(pool)
  t.same(host.pools.get('other').show().broken, [])
  t.equal(host.containers.find('other:half'), null)
  t.equal(host.users.find('other:half'), null)
  const there = execFileSync('find', [
    path,
    '-name',
    '*half*',
    '-o',
    '-name',
    'gone.*',
    '-o',
    '-name',
    '*.new',
  ])
  t.equal(there.toString(), '')
  t.match(host.containers.find('other:one'), { id: 'one' })
})

await t.test('a pool that others could look into is refused', async (t) => {
  for (const change of [() => chmodSync(path, 0o711), () => chownSync(path, 65534, 0)]) {
    await exported(change)
    await t.rejects(host.pools.import(pool), { code: 'ERR_POOL_UNSAFE', path })
    chmodSync(path, 0o700)
    chownSync(path, 0, 0)
  }
})

await t.test(
  'a pool of a newer format, of another driver, with a broken marker, with none',
  async (t) => {
    const marker = join(path, 'osctl-pool.yml')
    const text = readFileSync(marker, 'utf8')
    const cases: [string, object][] = [
      [
        text.replace('format: 1', 'format: 2'),
        { code: 'ERR_POOL_FORMAT', format: 2, supported: 1 },
      ],
      [text.replace('driver: dir', 'driver: zfs'), { code: 'ERR_NOT_A_POOL' }],
      [`${text}: :`, { code: 'ERR_CONFIG_BROKEN', path: marker }],
      ['format: one\n', { code: 'ERR_CONFIG_BROKEN', line: 1 }],
    ]
    chmodSync(marker, 0o600)
    for (const [content, error] of cases) {
      writeFileSync(marker, content)
      await t.rejects(host.pools.import(pool), error as { code: string })
    }
    rmSync(marker)
    await t.rejects(host.pools.import(pool), { code: 'ERR_NOT_A_POOL', path })
    await t.rejects(host.pools.import({ ...pool, path: join(dir, 'nothing') }), {
      code: 'ERR_NOT_A_POOL',
    })
    writeFileSync(marker, text, { mode: 0o400 })
    await host.pools.import(pool)
  },
)

await t.test('a pool is imported once', async (t) => {
  const second = await Host.temporary()
  t.teardown(() => second.close())
  await t.rejects(second.pools.import(pool), {
    code: 'ERR_BUSY',
    holder: new RegExp(`${process.pid}`),
  })
  await host.pools.export('other')
  await second.pools.import(pool)
  await second.pools.export('other')
  await host.pools.import(pool)
  await host.containers.get('other:one').delete()
})
