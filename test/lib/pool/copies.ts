// Two copies of one pool on one machine, and two users of one pool with the same ids: one of them has these, and the
// other one is told.
import { copyFileSync, cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { requires } from '../../helpers/requires.js'
import { testDirectory } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup')
const host = await Host.temporary()
t.teardown(() => host.close())
const directory = testDirectory(t)
const one = { name: 'one', path: join(directory, 'one') }
const two = { name: 'two', path: join(directory, 'two') }
await host.pools.install(one)
await host.users.create({ pool: 'one', name: 'web' })
const conflict = (user: string): string | null => host.users.get(user).show().conflict

await t.test("a copy of a user's file", async (t) => {
  const users = join(one.path, 'conf/user')
  await host.pools.export('one')
  copyFileSync(join(users, 'web.yml'), join(users, 'copy.yml'))
  await host.pools.import(one)
  t.equal(conflict('one:web'), null)
  t.match(conflict('one:copy'), /of block \d+ of id-range default/)
  await host.users.get('one:copy').delete()
  t.match(host.idRanges.get('one:default').table('allocated'), [{ owner: 'user:web' }])
})

await t.test('both are imported', async (t) => {
  await host.pools.export('one')
  cpSync(one.path, two.path, { recursive: true })
  await host.pools.import(one)
  await host.pools.import(two)
  t.equal(conflict('one:web'), null)
  t.match(conflict('two:web'), new RegExp(`pool ${one.path}`))
  await host.pools.export('one')
  await host.pools.export('two')
  rmSync(one.path, { recursive: true })
  await host.pools.import(two)
  t.equal(conflict('two:web'), null, 'alone it has them')
})
