// A zpool that does not answer: who asked is told in time, and others' pools go on. When it answers again, what
// was begun comes to its end.
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TimeoutError } from 'vpsadminos'
import { DatasetMount } from '../../../dist/storage/zfs/dataset-mount.js'
import { createDataset, datasetExists, destroyDataset } from '../../../dist/zfs/datasets.js'
import { listDatasets } from '../../../dist/zfs/list.js'
import { isZfsError } from '../../../dist/zfs/zfs-error.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'
import { testPool } from '../../helpers/zpool.js'

const t = requires('root', 'zfs')
const other = testPool(t)

/** On a disk that has less room than it says: what is written to it fails once that is full. */
const directory = mkdtempSync(join(tmpdir(), 'hung-'))
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', directory])
t.teardown(() => {
  execFileSync('umount', [directory])
  rmSync(directory, { recursive: true })
})
const disk = join(directory, 'disk')
const filler = join(directory, 'filler')
writeFileSync(disk, '')
truncateSync(disk, 140 * 2 ** 20)
const pool = `hung-${process.pid}`
execFileSync('zpool', ['create', '-O', 'canmount=noauto', '-m', 'none', pool, disk])
t.teardown(() => execFileSync('zpool', ['destroy', '-f', pool]))

function fillUp(): void {
  const fd = openSync(filler, 'w')
  const block = Buffer.alloc(2 ** 16, 'x')
  try {
    for (;;) writeSync(fd, block)
  } catch (error) {
    t.match(error, { code: 'ENOSPC' })
  } finally {
    closeSync(fd)
  }
}

await createDataset(`${pool}/before`)
const mount = await DatasetMount.of(`${pool}/before`)
writeFileSync(join(mount.path, 'unwritten'), 'x')
fillUp()

const names = Array.from({ length: 24 }, (_, index) => `${pool}/made${index}`)
const options = { timeout: 3000 }

/** Those that the kernel had begun with; to others it says at once that the pool is suspended. */
const begun: string[] = []

await t.test('who asked is told in time', async (t) => {
  const begin = performance.now()
  // More than there are threads for it.
  const all = await Promise.allSettled(names.map((name) => createDataset(name, {}, options)))
  const took = performance.now() - begin
  for (const [index, one] of all.entries()) {
    const name = names[index] ?? ''
    const reason: unknown = one.status === 'rejected' ? one.reason : null
    if (isZfsError(reason, 'EAGAIN')) continue
    begun.push(name)
    t.ok(reason instanceof TimeoutError, String(reason))
    t.match(reason, { code: 'ERR_TIMEOUT', operation: `zfs: create ${name}` })
  }
  t.not(begun.length, 0)
  t.ok(took < upTo(20_000), `after ${took} ms`)
})

await t.test('another one of the same dataset waits behind it', async (t) => {
  const again = destroyDataset(begun[0] ?? '', { timeout: 500 })
  await t.rejects(again, { code: 'ERR_TIMEOUT', operation: `zfs: destroy ${begun[0]}` })
})

await t.test('so is who unmounts', async (t) => {
  const unmounting = mount.close({ timeout: 500 })
  await t.rejects(unmounting, { code: 'ERR_TIMEOUT', operation: `zfs: unmount ${pool}/before` })
})

await t.test('another pool goes on', async (t) => {
  await createDataset(`${other}/meanwhile`)
  t.equal((await listDatasets(other, { properties: ['used'] })).length, 2)
  await destroyDataset(`${other}/meanwhile`)
})

await t.test('and this one as soon as it can', async (t) => {
  rmSync(filler)
  execFileSync('zpool', ['clear', pool])
  const late = begun.slice(1)
  await until(async () => {
    const found = await Promise.all(late.map((name) => datasetExists(name)))
    return found.every(Boolean)
  })
  for (const name of late) t.equal(await datasetExists(name), true, `${name} has come`)
  await until(async () => !(await datasetExists(begun[0] ?? '')))
  t.equal(await datasetExists(begun[0] ?? ''), false, 'made, and destroyed after it')
})
