// Blocks of a real pool: on disk, and apart from those of every other host of this machine.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')
const host = await Host.temporary()
t.teardown(() => host.close())
const file = (name: string) => join(host.pools.get('tank').show().path, `conf/id-range/${name}.yml`)

await t.test('a pool begins with the default range', async (t) => {
  t.match(host.idRanges.get('default').show(), {
    pool: 'tank',
    startId: 1_000_000,
    blockSize: 65_536,
    blockCount: 65_520,
    lastId: 1_000_000 + 65_536 * 65_520 - 1,
    allocated: 0,
  })
  t.equal(host.idRanges.find('tank:nothing'), null)
  t.throws(() => host.idRanges.get('nothing'), { code: 'ERR_NOT_FOUND', kind: 'id-range' })
})

await t.test('allocations stand in the file in the words of the original', async (t) => {
  const range = await host.idRanges.create({
    name: 'small',
    startId: 3_000_000_000,
    blockSize: 65_536,
    blockCount: 4,
  })
  t.match(await range.allocate({ owner: 'a note: "x"' }), { blockIndex: 0 })
  t.match(await range.allocate({ blockIndex: 2, owner: 'b' }), { blockIndex: 2 })
  t.match(await readFile(file('small'), 'utf8'), /^start_id: 3000000000$/m)
  t.match(await readFile(file('small'), 'utf8'), /^ {2}- index: 2\n {4}count: 1\n {4}owner: "b"$/m)
  t.match(range.table(), [
    { type: 'allocated', owner: 'a note: "x"', firstId: 3_000_000_000, lastId: 3_000_065_535 },
    { type: 'free', blockIndex: 1, blockCount: 1 },
    { type: 'allocated', blockIndex: 2 },
    { type: 'free', blockIndex: 3 },
  ])
  await t.rejects(range.allocate({ blockIndex: 2 }), { code: 'ERR_EXISTS' })
  await t.rejects(range.allocate({ blockCount: 2 }), { code: 'ERR_ID_RANGE_EXHAUSTED' })
  await t.rejects(range.allocate({ blockIndex: 4 }), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(range.delete(), { code: 'ERR_IN_USE' })
  await range.free({ owner: 'a note: "x"' })
  await range.free({ blockIndex: 2 })
  await range.delete()
  t.equal(host.idRanges.find('small'), null)
  await t.rejects(readFile(file('small')), { code: 'ENOENT' })
})

await t.test('allocations at the same time are different', async (t) => {
  const range = host.idRanges.get('default')
  const all = await Promise.all(Array.from({ length: 20 }, () => range.allocate()))
  t.equal(new Set(all.map(({ blockIndex }) => blockIndex)).size, 20)
  for (const { blockIndex } of all) await range.free({ blockIndex })
  t.equal(range.show().allocated, 0)
})

await t.test('another host of this machine gets other ids from the same range', async (t) => {
  const other = await Host.temporary()
  t.teardown(() => other.close())
  const mine = await host.users.create({ name: 'mine' })
  const theirs = await other.users.create({ name: 'theirs' })
  t.not(theirs.uidMap[0]?.hostId, mine.uidMap[0]?.hostId)
  await t.rejects(other.users.create({ name: 'same', uidMap: [mine.show().uidMap[0] ?? ''] }), {
    code: 'ERR_ID_OVERLAP',
    owner: /tank/,
  })
  await mine.delete()
  const again = await other.users
    .create({ name: 'again', uidMap: ['0:1000000:65536'] })
    .catch((error: unknown) => error)
  // Unless another test of this machine has it just now.
  if (!(again instanceof Error)) t.match(again, { name: 'again' })
  else t.match(again, { code: 'ERR_ID_OVERLAP' })
})

await t.test('nonsense is refused', async (t) => {
  const fine = { name: 'x', startId: 65_536, blockSize: 65_536, blockCount: 1 }
  const bad = [
    { ...fine, name: 'a/b' },
    { ...fine, startId: 65_535 },
    { ...fine, blockSize: 1000 },
    { ...fine, blockCount: 0 },
    { ...fine, blockCount: 1e6 },
    { ...fine, blockCount: 1.5 },
  ]
  for (const options of bad) {
    await t.rejects(host.idRanges.create(options), { code: 'ERR_INVALID_ARGUMENT' })
  }
  await t.rejects(host.idRanges.create({ ...fine, name: 'default' }), { code: 'ERR_EXISTS' })
  await t.rejects(host.idRanges.create({ ...fine, pool: 'other' }), { code: 'ERR_NOT_FOUND' })
})
