// The machine's list of taken ids, where it cannot be written.
import { mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { Locks } from '../../../dist/host/locks.js'
import { Operation } from '../../../dist/host/operation.js'
import { Reservations } from '../../../dist/id-range/reservations.js'
import { requires } from '../../helpers/requires.js'
import { testDirectory } from '../../helpers/system.js'

const t = requires('root')

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
