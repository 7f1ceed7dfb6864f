// The machine's list of taken ids: where it cannot be written, where others have some of them, and where it is long.
import { mkdirSync, readdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Locks } from '../../../dist/host/locks.js'
import { Operation } from '../../../dist/host/operation.js'
import { Reservations, type Reservation } from '../../../dist/id-range/reservations.js'
import { requires } from '../../helpers/requires.js'
import { testDirectory } from '../../helpers/system.js'
import { timeFactor } from '../../helpers/time.js'

const t = requires('root')

/** Of a pool beside which another one has these. */
function beside(directory: string, theirs: readonly Reservation[]): Reservations {
  const marker = join(directory, 'theirs')
  writeFileSync(marker, 'theirs')
  const ids = join(directory, 'ids')
  mkdirSync(ids)
  const list = { path: '/theirs', marker, uuid: 'theirs', zpool: null, reservations: theirs }
  writeFileSync(join(ids, 'theirs.json'), JSON.stringify(list))
  const own = { path: '/own', marker: join(directory, 'own'), uuid: 'own', zpool: null }
  return new Reservations(own, ids)
}

await t.test('what could not be given back goes with the next change', async (t) => {
  const directory = testDirectory(t)
  const pool = { path: directory, marker: join(directory, 'marker'), uuid: 'mine', zpool: null }
  const reservations = new Reservations(pool, join(directory, 'ids'))
  using op = new Operation(new Locks(), 'test', 'ids')
  const span = { start: 4_000_000_000, count: 65_536 }
  await reservations.reserve(op, [span], 'user:a')
  const [name = ''] = readdirSync(join(directory, 'ids')).filter((one) => one.endsWith('.json'))
  const list = join(directory, 'ids', name)
  renameSync(list, join(directory, 'aside'))
  // Nothing can be renamed over it.
  mkdirSync(list)
  await t.rejects(reservations.release(op, ['user:a']))
  await t.rejects(reservations.reserve(op, [span], 'user:b'))
  rmdirSync(list)
  await reservations.reserve(op, [span], 'user:b')
  t.equal(reservations.holds('user:a'), false)
  await t.rejects(reservations.reserve(op, [span], 'user:c'), {
    code: 'ERR_ID_OVERLAP',
    owner: /user:b/,
  })
})

await t.test('what an earlier version wrote of a pool, by another name, is its own', async (t) => {
  const directory = testDirectory(t)
  const marker = join(directory, 'marker')
  writeFileSync(marker, 'mine')
  const ids = join(directory, 'ids')
  mkdirSync(ids)
  const pool = { path: directory, marker, uuid: 'mine', zpool: null }
  const own = { start: 0, count: 10, owner: 'user:a' }
  writeFileSync(join(ids, 'earlier.json'), JSON.stringify({ ...pool, reservations: [own] }))
  const reservations = new Reservations(pool, ids)
  using op = new Operation(new Locks(), 'test', 'ids')
  t.same(await reservations.restore(op, [own], () => false), [])
  t.notOk(readdirSync(ids).includes('earlier.json'))
})

await t.test('whoever has some of them is found', async (t) => {
  const reservations = beside(testDirectory(t), [
    { start: 2000, count: 10, owner: 'last' },
    { start: 100, count: 10, owner: 'within' },
    { start: 0, count: 1000, owner: 'long' },
  ])
  using op = new Operation(new Locks(), 'test', 'ids')
  const reserve = (start: number, count: number) =>
    reservations.reserve(op, [{ start, count }], `user:${start}`)
  const refused = (start: number, count: number, owner: string) =>
    t.rejects(reserve(start, count), { code: 'ERR_ID_OVERLAP', owner }, `${start}, ${count}`)
  await refused(500, 10, 'long of pool /theirs')
  await refused(999, 1, 'long of pool /theirs')
  await refused(1500, 501, 'last of pool /theirs')
  await reserve(1000, 1000)
  await reserve(2010, 10)
  await reserve(3020, 10)
  await reserve(3000, 10)
  await reserve(3010, 10)
  await refused(1999, 1, 'user:1000 of pool /own')
  await refused(2019, 900, 'user:2010 of pool /own')
  await refused(2990, 1000, 'user:3020 of pool /own')
  await refused(3012, 1, 'user:3010 of pool /own')
})

const emulated = timeFactor === 1 ? false : 'figures say nothing here'
await t.test('four times as many take four times as long', { skip: emulated }, async (t) => {
  using op = new Operation(new Locks(), 'test', 'ids')
  const [few, many] = [5_000, 20_000].map((count) => {
    const spans = (first: number, owner: string) =>
      Array.from({ length: count }, (_, index) => {
        return { start: first + index * 20, count: 10, owner: `${owner} ${index}` }
      })
    const reservations = beside(testDirectory(t), spans(0, 'theirs'))
    const wanted = spans(10, 'own')
    return async (): Promise<number> => {
      const begin = performance.now()
      t.same(await reservations.restore(op, wanted, () => false), [])
      return performance.now() - begin
    }
  })
  let [least, most] = [Infinity, Infinity]
  for (let round = 0; round < 5; round++) {
    least = Math.min(least, (await few?.()) ?? 0)
    most = Math.min(most, (await many?.()) ?? 0)
  }
  t.ok(most / least < 8, `${least} ms, ${most} ms`)
})
