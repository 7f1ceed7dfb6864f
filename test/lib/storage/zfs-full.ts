// A pool of ZFS without any room: what needs some is refused by a typed error and leaves nothing, what
// makes room works, and so does opening it.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { busybox, busyboxImage, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { optionsOf } from '../../helpers/storage.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const zpool = testPool(t, 128)
const host = await Host.temporary({ dataset: zpool })
t.teardown(() => host.close())
await importBusybox(t, host)
const shown = host.pools.get('tank').show()
const { path, dataset } = shown
const one = await host.containers.create({ id: 'one', image: busybox })
await host.containers.create({ id: 'other', image: busybox })
const state = (): unknown => ({
  containers: zfs('list', '-Ho', 'name', '-r', '-t', 'all', `${dataset}/ct`).split('\n'),
  images: zfs('list', '-Ho', 'name', '-r', `${dataset}/repository`).split('\n'),
  files: readdirSync(join(path, 'conf'), { recursive: true }).sort(),
  known: [host.containers.list().map(({ id }) => id), host.users.list().map(({ name }) => name)],
})

/** Up to the last byte: what was refused once may fit after what was written is on the disk. */
function fillUp(): void {
  const directory = mkdtempSync(join(tmpdir(), 'full-'))
  execFileSync('mount', ['-i', '-t', 'zfs', zpool, directory])
  const file = openSync(join(directory, 'filler'), 'w')
  try {
    for (let size = 2 ** 20; size >= 512; size /= 2) while (fits(file, size));
  } finally {
    closeSync(file)
    execFileSync('umount', [directory])
    rmdirSync(directory)
  }
}

function fits(file: number, size: number): boolean {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeSync(file, randomBytes(size))
      return true
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
    }
    execFileSync('zpool', ['sync', zpool])
  }
  return false
}

fillUp()
const before = state()
const full = { code: 'ERR_POOL_FULL' }

await t.test('what needs room is refused, and leaves nothing', async (t) => {
  await t.rejects(host.containers.create({ id: 'two', image: busybox }), full)
  await t.rejects(one.set({ memoryLimit: '64 MiB' }), full)
  t.match(one.show(), { memoryLimit: null })
  await t.rejects(one.rename('two'), full)
  await t.rejects(one.snapshots.create('a'), full)
  await t.rejects(host.containers.snapshot(['one', 'other'], 'a'), full)
  await t.rejects(host.users.create({ name: 'two' }), full)
  await t.rejects(host.groups.create({ path: '/two' }), full)
  const image = { path: busyboxImage(t), distribution: 'another', version: '1' }
  await t.rejects(host.images.import(image), full)
  t.same(state(), before)
  t.same((await host.audit()).leftovers, [])
})

await t.test('it can be imported again', async (t) => {
  await host.pools.export('tank')
  await host.pools.import(optionsOf(shown))
  t.match(host.pools.get('tank').show(), { state: 'active', broken: [], containers: 2 })
  t.same(state(), before)
})

await t.test('containers are deleted', async (t) => {
  const receipt = await host.containers.get('one').delete()
  t.same(receipt.leftovers, [])
  t.match(host.pools.get('tank').show(), { containers: 1, users: 1 })
  t.same((await host.audit()).leftovers, [])
  await host.pools.get('tank').trash?.prune({ pauseMs: 0 })
})

await t.test('with room again, everything works', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'full-'))
  execFileSync('mount', ['-i', '-t', 'zfs', zpool, directory])
  rmSync(join(directory, 'filler'))
  execFileSync('umount', [directory])
  rmdirSync(directory)
  execFileSync('zpool', ['sync', zpool])
  const range = host.idRanges.get('default')
  t.equal(range.show().allocated, 2, 'nobody could note yet that ids are free')
  const { blockIndex } = await range.allocate({ owner: 'somebody' })
  t.same(
    range.table('allocated').map(({ owner }) => owner),
    ['somebody', 'user:other'],
  )
  await range.free({ blockIndex })
  const other = host.containers.get('other')
  await other.set({ memoryLimit: '64 MiB' })
  await other.snapshots.create('a')
  await host.containers.create({ id: 'two', image: busybox })
  await other.start()
  await other.delete({ force: true })
  t.match(host.pools.get('tank').show(), { containers: 1, users: 1 })
})
