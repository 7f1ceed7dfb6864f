// A container whose file names a dataset elsewhere in the zpool, as vpsAdminOS lets one choose it: it has that one,
// unless it is somebody else's.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { optionsOf } from '../../helpers/storage.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const snapshot = host.pools.get('tank').show()
const dataset = String(snapshot.dataset)
const options = optionsOf(snapshot)
const chosen = `${above}/elsewhere/web`

const fileOf = (id: string): string => join(snapshot.path, 'conf/ct', `${id}.yml`)
const say = (id: string, name: string, more = ''): void => {
  const text = readFileSync(fileOf(id), 'utf8').replace(/^(dataset|state): .*\n/gm, '')
  writeFileSync(fileOf(id), `${text}dataset: ${name}\n${more}`)
}
const exists = (name: string): boolean =>
  zfs('list', '-Ho', 'name', '-r', above).split('\n').includes(name)

await host.containers.create({ id: 'web', image: busybox })
await host.pools.export('tank')
zfs('create', '-o', 'canmount=off', `${above}/elsewhere`)
zfs('rename', '-u', `${dataset}/ct/web`, chosen)
say('web', chosen)

await t.test('it has the one that its file names', async (t) => {
  await host.pools.import(options)
  const ct = host.containers.get('web')
  t.match(ct.show(), { dataset: chosen })
  await ct.start()
  t.match(await ct.exec(['hostname']), { stdout: 'web\n' })
  await ct.kill()
  await host.containers.create({ id: 'other', image: busybox })
  await host.containers.get('other').datasets.create('data', { mountpoint: null })
  await host.pools.export('tank')
})

await t.test('none that is somebody else’s, nor is that deleted', async (t) => {
  zfs('create', '-u', '-o', 'mountpoint=none', `${above}/backup`)
  zfs('create', '-o', 'canmount=noauto', '-o', 'zoned=on', `${above}/zoned`)
  const active = 'org.vpsadminos.osctl:active=yes'
  zfs('create', '-o', 'canmount=noauto', '-o', active, `${above}/second`)
  zfs('create', '-o', 'canmount=noauto', `${above}/second/ct`)
  const cases: readonly (readonly [string, RegExp])[] = [
    [above, /no name of one/],
    [dataset, /is in it/],
    [`${dataset}/conf`, /where others are/],
    [`${dataset}/ct/other/data`, /where others are/],
    [`${above}/backup`, /canmount is on/],
    [`${above}/zoned`, /hands of another guest/],
    [`${above}/second/ct`, /in pool '.*\/second'/],
    [`${above}/elsewhere/../backup`, /no name of one/],
    [`${above}/elsewhere/web@one`, /no name of one/],
  ]
  for (const [name, reason] of cases) {
    for (const more of ['', 'state: staged\n']) {
      say('web', name, more)
      const pool = await host.pools.import(options)
      t.match(pool.show().broken, [{ path: fileOf('web'), reason }], `${name} ${more}`)
      t.throws(() => host.containers.get('web'), { code: 'ERR_NOT_FOUND' })
      t.ok(host.containers.get('other'))
      await host.pools.export('tank')
      if (!/\.\.|@/.test(name)) t.ok(exists(name), `${name} is there still`)
    }
  }
})

await t.test('of two that have the same one, neither', async (t) => {
  for (const [one, other] of [
    [chosen, chosen],
    [chosen, `${chosen}/below`],
  ] as const) {
    say('web', one)
    say('other', other)
    const pool = await host.pools.import(options)
    t.same(
      pool
        .show()
        .broken.map(({ path }) => path)
        .sort(),
      [fileOf('other'), fileOf('web')],
    )
    t.match(pool.show().broken, [{ reason: /is shared/ }, { reason: /is shared/ }])
    await host.pools.export('tank')
  }
  t.ok(exists(chosen))
})

await t.test('it is deleted with its container', async (t) => {
  say('other', `${dataset}/ct/other`)
  const pool = await host.pools.import(options)
  t.same(pool.show().broken, [])
  await host.containers.get('web').delete()
  t.notOk(exists(chosen))
  t.match(await pool.trash?.list(), [{ originalName: chosen }])
})
