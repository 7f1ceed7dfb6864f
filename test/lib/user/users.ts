import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Host } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { ended, sleeper } from '../../helpers/cgroup.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')
const host = await Host.temporary()
t.teardown(() => host.close())
const file = (name: string) => join(host.pools.get('tank').show().path, `conf/user/${name}.yml`)

await t.test('without maps a user is one block of the default range', async (t) => {
  const user = await host.users.create({ name: 'one' })
  const [entry] = user.uidMap
  t.match(entry, { nsId: 0, count: 65_536 })
  t.same(user.uidMap, user.gidMap)
  t.match(host.idRanges.get('default').table('allocated'), [
    { owner: 'user:one', firstId: entry?.hostId },
  ])
  t.match(
    await readFile(file('one'), 'utf8'),
    new RegExp(`uid_map:\\n {2}- 0:${entry?.hostId}:65536\\n`),
  )
  await t.rejects(host.users.create({ name: 'one' }), { code: 'ERR_EXISTS' })
  await user.delete()
  t.equal(host.idRanges.get('default').show().allocated, 0)
  t.same(host.users.list(), [])
})

await t.test('explicit maps are taken as they are, or must be within a block', async (t) => {
  const maps = {
    uidMap: ['0:4100000000:1', '1:4100000001:65535'],
    gidMap: ['0:4100000000:65536'],
  }
  const user = await host.users.create({ name: 'two', ...maps })
  t.match(user.show(), { ...maps, standalone: true, containers: [] })
  t.equal(host.idRanges.get('default').show().allocated, 0)
  await user.delete()

  const { startId, blockSize } = host.idRanges.get('default').show()
  const start = startId + 60_000 * blockSize
  const within = { name: 'three', blockIndex: 60_000, uidMap: [`0:${start + 10}:100`] }
  const three = await host.users.create(within)
  t.match(host.idRanges.get('default').table('allocated'), [
    { blockIndex: 60_000, owner: 'user:three' },
  ])
  await three.delete()
  await t.rejects(host.users.create({ ...within, uidMap: [`0:${start}:65537`] }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'create.uidMap',
    reason: /within the block/,
  })
  t.equal(host.idRanges.get('default').show().allocated, 0, 'the block was given back')
})

await t.test('a block that was allocated for the user beforehand is used', async (t) => {
  const range = host.idRanges.get('default')
  await range.allocate({ blockIndex: 59_000, owner: 'user:four' })
  const user = await host.users.create({ name: 'four', blockIndex: 59_000 })
  t.equal(user.uidMap[0]?.hostId, range.table('allocated')[0]?.firstId)
  for (const which of [{ owner: 'user:four' }, { blockIndex: 59_000 }]) {
    await t.rejects(range.free(which), { code: 'ERR_IN_USE', users: ['user:four'] })
  }
  t.match(range.table('allocated'), [{ blockIndex: 59_000 }], 'it keeps its ids')
  await user.delete()
})

await t.test('maps that make no sense are refused before anything is made', async (t) => {
  const cases: [string[], RegExp][] = [
    [['1:4100000000:65536'], /must map id 0/],
    [['0:4100000000:10', '5:4200000000:10'], /overlap/],
    [['0:4100000000:10', '20:4100000005:10'], /overlap/],
    [['0:0:65536'], /host's root/],
    [['0:4294967000:65536'], /below 2\^32/],
    [['0:4100000000:0'], /at least one/],
    [['0:4100000000'], /must be like/],
    [['-1:4100000000:5'], /must be like/],
    [[], /must have an entry/],
  ]
  for (const [uidMap, reason] of cases) {
    await t.rejects(
      host.users.create({ name: 'bad', uidMap }),
      { code: 'ERR_INVALID_ARGUMENT', argument: /^create\.uidMap/, reason },
      uidMap.join(),
    )
  }
  t.same(host.users.list(), [])
})

await t.test('maps of two users must not overlap', async (t) => {
  const user = await host.users.create({ name: 'five', uidMap: ['0:4100000000:65536'] })
  await t.rejects(host.users.create({ name: 'six', uidMap: ['0:4100065535:10'] }), {
    code: 'ERR_ID_OVERLAP',
    owner: /user:five/,
  })
  await user.delete()
})

await t.test('a block of one that is being made is not free', async (t) => {
  const range = host.idRanges.get('default')
  const creating = host.users.create({ name: 'coming' })
  const isTaken = () => range.table('allocated').some(({ owner }) => owner === 'user:coming')
  while (!isTaken()) await turn()
  const inUse = { code: 'ERR_IN_USE', users: ['user:coming'] }
  await t.rejects(range.free({ owner: 'user:coming' }), inUse)
  const user = await creating
  t.ok(isTaken())
  await user.delete()
})

await t.test('maps that are written into its file are those of the next import', async (t) => {
  const uidMap = ['0:4100000000:65536']
  const user = await host.users.create({ name: 'edited', uidMap })
  const text = await readFile(file('edited'), 'utf8')
  await writeFile(file('edited'), text.replaceAll('4100000000', '1000000'))
  await user.attributes.set({ 'org.example:a': 'b' })
  t.same(user.show().uidMap, uidMap)
  t.match(await readFile(file('edited'), 'utf8'), /0:1000000:65536[^]*org.example:a/)
  await user.delete()
})

await t.test('what still runs in its cgroups is waited for in all of them at once', async (t) => {
  await using cgroups = Cgroups.mounted()
  const user = await host.users.create({ name: 'held' })
  const paths = ['/a', '/b', '/c', '/d']
  const held = await Promise.all(
    paths.map(async (path) => {
      const group = await host.groups.create({ path })
      const dir = cgroups.dir(`${group.cgroup}/user.held`)
      await dir.create()
      const child = await sleeper(t)
      await dir.join(child.pid)
      return { group, child }
    }),
  )
  const begin = performance.now()
  await user.delete()
  // Each of them for two seconds, nearly: one after the other it would be more.
  t.ok(performance.now() - begin < upTo(7500))
  for (const { group, child } of held) {
    child.kill('SIGKILL')
    await ended(child)
    await group.delete()
  }
})
