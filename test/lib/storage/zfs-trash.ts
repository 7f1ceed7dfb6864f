// Datasets that people put into the trash of a pool: whatever nobody needs, and nothing that somebody does.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PruneProgress } from 'vpsadminos'
import { busybox, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { optionsOf } from '../../helpers/storage.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const pool = host.pools.get('tank')
const dataset = String(pool.show().dataset)

await t.test('one that nobody needs', async (t) => {
  for (const name of ['ct/forgotten', 'old data', 'old data/below']) {
    zfs('create', '-u', '-o', 'mountpoint=none', `${dataset}/${name}`)
  }
  const first = await host.pools.trashDataset(`${dataset}/ct/forgotten`)
  t.match(first, new RegExp(`^${dataset}/trash/ct-forgotten\\.\\d+\\.[0-9a-f]{6}$`))
  const second = await host.pools.trashDataset(`${dataset}/old data`)
  t.equal(zfs('get', '-Ho', 'value', 'canmount', `${second}/below`), 'noauto')
  t.same((await pool.trash?.list())?.map(({ originalName }) => originalName).sort(), [
    `${dataset}/ct/forgotten`,
    `${dataset}/old data`,
  ])
  const progress: PruneProgress[] = []
  const [one, other] = await Promise.all([
    pool.pruneTrash({ pauseMs: 0, onProgress: (next) => progress.push(next) }),
    pool.pruneTrash({ pauseMs: 0 }),
  ])
  t.same([one.destroyed.length, other.destroyed.length], [2, 0], 'one after the other')
  t.same(one.left, [])
  t.same(
    progress,
    one.destroyed.map((name, at) => ({ dataset: name, index: at + 1, total: 2 })),
  )
})

await t.test('one that ZFS does not rename stays as it was', async (t) => {
  const name = `${dataset}/d`
  zfs('create', '-u', '-o', 'mountpoint=none', name)
  // In the trash its own would be longer, for which there is no room.
  zfs('snapshot', `${name}@${'s'.repeat(254 - name.length)}`)
  await t.rejects(host.pools.trashDataset(name), { code: 'ENAMETOOLONG' })
  const marks = 'org.vpsadminos.osctl.trash-bin'
  const properties = `canmount,${marks}:original_name,${marks}:trashed_at`
  t.same(zfs('get', '-Ho', 'value', properties, name).split('\n'), ['on', '-', '-'])
  zfs('destroy', '-r', name)
})

await t.test('one that somebody needs is refused, and stays', async (t) => {
  const ct = await startedContainer(host, { id: 'web' })
  await ct.datasets.create('data', { mountpoint: null })
  await host.containers.create({ id: 'idle', image: busybox })
  const used = { code: 'ERR_IN_USE', kind: 'dataset', users: ['container tank:web'] }
  const wrong = { code: 'ERR_INVALID_ARGUMENT', argument: 'trashDataset.dataset' }
  for (const name of ['ct/web', 'ct/web/data', 'ct/.web.boot', 'ct/.web.fresh']) {
    await t.rejects(host.pools.trashDataset(`${dataset}/${name}`), used, name)
  }
  await t.rejects(host.pools.trashDataset(`${dataset}/ct/idle`), { code: 'ERR_IN_USE' })
  for (const name of ['conf', 'trash', 'repository/images', 'log', 'trash/x', 'repository/x']) {
    await t.rejects(host.pools.trashDataset(`${dataset}/${name}`), wrong, name)
  }
  for (const name of [dataset, above, 'elsewhere/x', `${dataset}/a@b`, `${dataset}//a`, '', '/']) {
    await t.rejects(host.pools.trashDataset(name), { code: 'ERR_INVALID_ARGUMENT' }, name)
  }
  await t.rejects(host.pools.trashDataset(`${dataset}/ct`), { code: 'ERR_IN_USE' })
  await t.rejects(host.pools.trashDataset(`${dataset}/none`), { code: 'ERR_NOT_FOUND' })

  zfs('create', '-u', '-o', 'org.vpsadminos.osctl:active=yes', `${dataset}/nested`)
  await t.rejects(
    host.pools.trashDataset(`${dataset}/nested`),
    wrong,
    'a pool that is not imported',
  )

  zfs('create', '-u', '-o', 'mountpoint=none', `${dataset}/seen`)
  const directory = mkdtempSync(join(tmpdir(), 'zfs-trash-'))
  execFileSync('mount', ['-i', '-t', 'zfs', `${dataset}/seen`, directory])
  try {
    const held = { code: 'ERR_IN_USE', users: [new RegExp(directory)] }
    await t.rejects(host.pools.trashDataset(`${dataset}/seen`), held)
  } finally {
    execFileSync('umount', [directory])
    rmdirSync(directory)
  }
  await host.pools.trashDataset(`${dataset}/seen`)
  t.match(await ct.exec(['true']), { exitCode: 0 })
  t.same(await host.healthcheck(), [])
})

await t.test('a pool that is exported keeps what is in its trash', async (t) => {
  await host.containers.get('web').kill()
  await pool.pruneTrash({ pauseMs: 0 })
  for (const name of ['one', 'two']) {
    zfs('create', '-u', '-o', 'mountpoint=none', `${dataset}/${name}`)
    await host.pools.trashDataset(`${dataset}/${name}`)
  }
  const { trash } = pool
  if (trash === null) throw new Error('a pool of ZFS has one')
  let pauses: () => void = () => undefined
  const paused = new Promise<void>((resolve) => (pauses = resolve))
  const pruned = trash.prune({
    pauseMs: 60_000,
    onProgress: ({ index }) => {
      if (index === 2) pauses()
    },
  })
  const ended = t.rejects(pruned, { code: 'ERR_STATE' })
  await Promise.race([paused, ended])
  await host.pools.export('tank')
  await ended
  await t.rejects(trash.prune({ pauseMs: 0 }), { code: 'ERR_STATE' })
  const left = zfs('list', '-Ho', 'name', '-d', '1', `${dataset}/trash`).split('\n').slice(1)
  t.equal(left.length, 1, 'but what had gone by then')
  const again = await host.pools.import(optionsOf(pool.show()))
  t.same(await again.trash?.prune({ pauseMs: 0 }), { destroyed: left, left: [] })
})
