// Containers on a pool of ZFS: what is made there and where, as the `zfs` program tells it.
import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { busybox, first, startedContainer, temporaryHost } from '../../helpers/host.js'
import { moduleOf } from '../../helpers/child.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const run = promisify(execFile)
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const pool = host.pools.get('tank')
const root = pool.show().path
const dataset = zfs('list', '-Ho', 'name,mountpoint', '-r', above)
  .split('\n')
  .map((line) => line.split('\t'))
  .find(([, mountpoint]) => mountpoint === root)?.[0]

const keeper = await host.keeperPid()
const below = (name: string): string[] =>
  zfs('list', '-Ho', 'name', '-r', `${dataset}/${name}`)
    .split('\n')
    .slice(1)
    .map((line) => line.slice(`${dataset}/${name}/`.length))

const mountedAnywhere = (name: string): string[] =>
  ['self', String(keeper)].flatMap((pid) =>
    readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
      .split('\n')
      .filter((line) => line.includes(` ${name} `)),
  )

await t.test('the layout of vpsAdminOS', async (t) => {
  t.type(dataset, 'string')
  t.match(pool.show(), { driver: 'zfs', cloneMode: 'clone', state: 'active', broken: [] })
  for (const name of ['ct', 'conf', 'hook', 'log', 'repository', 'migration', 'trash']) {
    t.equal(zfs('get', '-Ho', 'value', 'mounted', `${dataset}/${name}`), 'yes', name)
    t.not(statSync(join(root, name)).dev, statSync(root).dev, `${name} is mounted in its place`)
  }
  t.equal(statSync(join(root, 'ct')).mode & 0o777, 0o511)
  t.equal(zfs('get', '-Ho', 'value', 'org.vpsadminos.osctl:active', String(dataset)), 'yes')
})

await t.test('datasets that the keeper cannot see are told, and gone', async (t) => {
  const body = `
    import { Host } from ${moduleOf('index.js')}
    const error = await Host.temporary({ dataset: '${above}' }).catch((error) => error)
    process.stdout.write(JSON.stringify([error.code, error.message]))`
  const node = ['node', '--input-type=module', '-e', body]
  // There nothing that is mounted is seen by others.
  const { stdout } = await run('unshare', ['--mount', '--propagation', 'private', ...node])
  t.match(JSON.parse(stdout), ['ERR_UNSUPPORTED', /make-rshared/])
  t.same(zfs('list', '-Ho', 'name', '-d', '1', above).split('\n'), [above, String(dataset)])
})

await t.test('an image is a dataset with a snapshot', async (t) => {
  const [image] = host.images.list()
  const name = `${dataset}/repository/images/${image?.id}`
  t.equal(zfs('list', '-Ho', 'name', '-t', 'snapshot', name), `${name}@image`)
  t.equal(zfs('get', '-Ho', 'value', 'readonly', name), 'on')
  t.same(mountedAnywhere(name), [], 'mounted nowhere')
  const again = await host.images
    .import({ path: image?.root ?? '', distribution: 'x', version: '1' })
    .catch((error: unknown) => error)
  t.match(again, { code: 'ERR_IMAGE_SOURCE' }, 'its tree is not to be seen on the host')
})

await t.test('made, started, stopped, renamed, deleted', async (t) => {
  const ct = await startedContainer(host, { id: 'web1' })
  t.match(ct.show(), { cloneMode: 'clone', dataset: `${dataset}/ct/web1` })
  t.match(await ct.exec(['hostname']), { stdout: 'web1\n' })
  t.equal(statSync(ct.show().consoleLog).dev, statSync(join(root, 'log')).dev)
  await using console = ct.console()
  await console.write('\n')
  t.type(await first(console, (chunk) => chunk.length > 0), Buffer)
  const properties = ['origin', 'canmount', 'mounted']
  t.match(zfs('get', '-Ho', 'value', properties.join(','), `${dataset}/ct/web1`).split('\n'), [
    /repository\/images\/busybox-.*@image$/,
    'noauto',
    /^(yes|no)$/,
  ])
  t.same(mountedAnywhere(`${dataset}/ct/web1`), [], 'no mount namespace of the host pins it')
  await ct.exec(['sh', '-c', 'echo kept >/root/file; chown 1000:1000 /root/file'])
  t.equal((await ct.exec(['ls', '/.zfs'])).exitCode, 1)
  await ct.stop({ method: 'kill' })
  await ct.rename('web2')
  await ct.start()
  t.match(await ct.exec(['stat', '-c', '%u %n', '/root/file']), { stdout: '1000 /root/file\n' })
  t.match(await ct.exec(['hostname']), { stdout: 'web2\n' })
  t.same(below('ct'), ['web2'])
  const receipt = await ct.delete({ force: true })
  t.same(receipt.leftovers, [])
  t.ok(receipt.gone.some(({ type, what }) => type === 'dataset' && what === `${dataset}/ct/web2`))
  t.same(below('ct'), [])
  t.match(
    below('trash').filter((name) => !name.includes('images')),
    [/^ct-web2\.\d+\.[0-9a-f]{6}$/],
  )
})

await t.test('ids on the disk are the containers own', async (t) => {
  const cts = await Promise.all(['a', 'b'].map((id) => startedContainer(host, { id })))
  for (const ct of cts) await ct.exec(['sh', '-c', 'echo x >/file; chown 33:34 /file'])
  for (const ct of cts) {
    await ct.stop({ method: 'kill' })
    const at = join(root, 'looked-at')
    zfs('set', `mountpoint=${at}`, ct.show().dataset)
    zfs('mount', ct.show().dataset)
    t.match(statSync(join(at, 'private/file')), { uid: 33, gid: 34 })
    t.match(statSync(join(at, 'private')), { uid: 0, gid: 0 })
    zfs('unmount', ct.show().dataset)
  }
  const [a, b] = cts.map((ct) => ct.user.show().uidMap[0])
  t.not(a, b)
})

await t.test(
  'an image that is deleted goes with the last container that was cloned from it',
  async (t) => {
    const image = host.images.find(busybox)
    await host.images.delete(image.id)
    t.same(below('repository/images'), [])
    const ct = host.containers.get('a')
    await ct.start()
    t.match(await ct.exec(['cat', '/file']), { stdout: 'x\n' })
    await ct.delete({ force: true })
    await host.containers.get('b').delete()
  },
)

await t.test('the trash is emptied when it is told to', async (t) => {
  const { trash } = pool
  const entries = (await trash?.list()) ?? []
  t.ok(entries.length >= 3)
  t.ok(entries.some(({ originalName }) => originalName === `${dataset}/ct/web2`))
  t.ok(entries.every(({ trashedAt }) => Math.abs(Date.now() - Number(trashedAt)) < 600_000))
  // An image is there until the last container that came from it is gone: the second time at the latest.
  await trash?.prune({ pauseMs: 0 })
  t.match(await trash?.prune({ pauseMs: 0 }), { left: [] })
  t.same(below('trash'), [])
})

await t.test('taken back, and made a pool again with all that is in it', async (t) => {
  const options = { name: 'tank', driver: 'zfs', dataset: String(dataset) } as const
  await host.users.create({ name: 'someone' })
  await t.rejects(host.pools.uninstall(options), { code: 'ERR_STATE' })
  await host.pools.export('tank')
  await host.pools.uninstall(options)
  await t.rejects(host.pools.import(options), { code: 'ERR_NOT_A_POOL' })
  await host.pools.install(options)
  t.match(host.users.get('someone').show(), { pool: 'tank' })
  await t.rejects(host.pools.install(options), { code: 'ERR_EXISTS' })
  await host.users.get('someone').delete()
})

t.test('nothing is left over', async (t) => {
  t.same((await host.audit()).leftovers, [])
})
