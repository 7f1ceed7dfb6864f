// Pools on filesystems that are full, read-only, or cannot do what is wanted.
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'idmapped tmpfs')
const dir = mkdtempSync(join(tmpdir(), 'disk-'))
t.teardown(() => rmSync(dir, { recursive: true, force: true }))

/** A small filesystem of its own. */
function small(name: string, size: string): string {
  const path = join(dir, name)
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', path])
  t.teardown(() => execFileSync('umount', [path]))
  return path
}

// Before the host is opened: where / is no shared mount, its keeper sees none that come later.
const [full, readonly, modes] = [
  small('full', '16m'),
  small('readonly', '16m'),
  small('modes', '32m'),
]
const host = await temporaryHost(t)
const image = host.images.list()[0]?.root ?? ''

await t.test('a full disk', async (t) => {
  const path = full
  await host.pools.install({ name: 'full', path })
  const pool = host.pools.get('full')
  await pool.images.import({ path: image, distribution: 'busybox', version: '1' })
  const ct = await host.containers.create({ id: 'one', pool: 'full', image: busybox })
  const other = await host.containers.create({ id: 'other', pool: 'full', image: busybox })
  // Far from those that others on this machine are given.
  const again = { name: 'again', pool: 'full', blockIndex: 61_000 }
  const user = await host.users.create(again)
  const fill = (name: string): void => {
    t.throws(() => writeFileSync(join(path, name), Buffer.alloc(20 * 2 ** 20)), { code: 'ENOSPC' })
  }
  // What has a second name leaves no room when it is deleted.
  linkSync(join(path, 'conf/user/again.yml'), join(path, 'kept'))
  fill('filler')
  await t.rejects(host.containers.create({ id: 'two', pool: 'full', image: busybox }), {
    code: 'ERR_POOL_FULL',
  })
  await t.rejects(ct.set({ memoryLimit: '64 MiB' }), { code: 'ERR_POOL_FULL' })
  t.match(ct.show(), { memoryLimit: null })
  await t.rejects(host.users.create({ name: 'three', pool: 'full' }), { code: 'ERR_POOL_FULL' })
  t.same((await other.delete()).leftovers, [], 'to delete is how it gets room')
  fill('more')
  await user.delete()
  const range = host.idRanges.get('full:default')
  t.equal(
    range.table('allocated').at(-1)?.owner,
    'user:again',
    'nobody could note yet that ids are free',
  )
  for (const name of ['filler', 'more', 'kept']) rmSync(join(path, name))
  t.same((await host.users.create(again)).uidMap, user.uidMap)
  await range.allocate({ owner: 'somebody' })
  t.match(
    range.table('allocated').at(-1),
    { owner: 'user:again', blockIndex: 61_000 },
    'they are taken',
  )
  await range.free({ owner: 'somebody' })
  await host.users.get('full:again').delete()
  t.match(pool.show(), { containers: 1, users: 1 })
  await ct.set({ memoryLimit: '64 MiB' })
  await ct.start()
  await ct.delete({ force: true })
  t.equal(host.idRanges.get('full:default').show().allocated, 0)
  await host.pools.export('full')
})

await t.test('a read-only pool', async (t) => {
  const path = readonly
  await host.pools.install({ name: 'readonly', path })
  await host.pools
    .get('readonly')
    .images.import({ path: image, distribution: 'busybox', version: '1' })
  await host.containers.create({ id: 'one', pool: 'readonly', image: busybox })
  await host.pools.export('readonly')
  execFileSync('mount', ['-o', 'remount,ro', path])
  await host.pools.import({ name: 'readonly', path })
  t.match(host.containers.show('readonly:one'), { state: 'stopped' })
  const ct = host.containers.get('readonly:one')
  await t.rejects(ct.set({ memoryLimit: '64 MiB' }), { code: 'ERR_POOL_READ_ONLY' })
  await t.rejects(ct.rename('two'), { code: 'ERR_POOL_READ_ONLY' })
  await t.rejects(ct.delete(), { code: 'ERR_POOL_READ_ONLY' })
  await t.rejects(host.containers.create({ id: 'two', pool: 'readonly', image: busybox }), {
    code: 'ERR_POOL_READ_ONLY',
  })
  await t.rejects(host.users.create({ name: 'x', pool: 'readonly' }), {
    code: 'ERR_POOL_READ_ONLY',
  })
  await t.rejects(host.groups.create({ path: '/x', pool: 'readonly' }), {
    code: 'ERR_POOL_READ_ONLY',
  })
  t.equal(ct.id, 'one')
  await host.pools.export('readonly')
})

await t.test('clone modes: the wanted one, or an error', async (t) => {
  const path = modes
  await t.rejects(host.pools.install({ name: 'modes', path, cloneMode: 'reflink' }), {
    code: 'ERR_UNSUPPORTED',
    reason: /share blocks/,
  })
  for (const cloneMode of ['overlay', 'copy'] as const) {
    const where = join(path, cloneMode)
    await host.pools.install({ name: cloneMode, path: where, cloneMode })
    const pool = host.pools.get(cloneMode)
    await pool.images.import({ path: image, distribution: 'busybox', version: '1' })
    const ct = await host.containers.create({ id: cloneMode, pool: cloneMode, image: busybox })
    t.match(ct.show(), { cloneMode })
    await ct.start()
    const { stdout } = await ct.exec([
      'sh',
      '-c',
      'touch /new; rm /bin/wc; stat -c "%u %g" /new /bin/sh; ls /bin/wc 2>&1',
    ])
    t.match(stdout, /^0 0\n0 0\nls: /)
    await ct.restart({ method: 'kill' })
    t.match(await ct.exec(['test', '-e', '/new']), { exitCode: 0 })
    await ct.delete({ force: true })
    t.same((await host.audit()).leftovers, [])
    await host.pools.export(cloneMode)
  }
})

await t.test('a filesystem that the keeper cannot see is told at import', async (t) => {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  if (mounts.some((line) => / \/ \/ \S+ shared:/.test(line)))
    return void t.pass('told', { skip: '/ is a shared mount: the keeper sees everything' })
  const path = small('late', '1m')
  await t.rejects(host.pools.install({ name: 'late', path }), {
    code: 'ERR_UNSUPPORTED',
    reason: /make-rshared/,
  })
})
