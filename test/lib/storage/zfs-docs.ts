// What docs/zfs.md shows is so: its examples run.
import { Host } from 'vpsadminos'
import { Examples } from '../../helpers/examples.js'
import { confines } from '../../helpers/guest-zfs.js'
import { importBusybox, startedContainer } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const examples = new Examples('docs/zfs.md')
const host = await Host.temporary({ dataset: testPool(t) })
t.teardown(() => host.close())
await importBusybox(t, host)
await startedContainer(host, { id: 'db1' })
const ct = await startedContainer(host, { id: 'web1' })

const run = (part: string, names: readonly string[]) =>
  examples.run(part, { host, ct, console: { log: () => {} } }, names)

await t.test('datasets', async (t) => {
  await run('10 GiB', [])
  t.match(await ct.datasets.list(), [
    { name: '/', refquota: 20 * 2 ** 30 },
    { name: 'data', quota: 10 * 2 ** 30 },
    { name: 'data/mail' },
  ])
  await ct.restart({ method: 'kill' })
  t.match((await ct.exec(['cat', '/proc/mounts'])).stdout, / \/var\/mail zfs /)
  await ct.kill()
  await run('/backup', [])
  t.same(ct.mounts.list(), [])
  await ct.start()
})

const skip = confines() ? false : 'with this OpenZFS a guest would have the zpool'
await t.test('a dataset in its own hands', { skip }, async (t) => {
  await ct.kill()
  await run('delegated: true', [])
  const own = { name: 'own', delegated: true, quota: 6 * 2 ** 30, snapshotLimit: 200 }
  t.match(
    (await ct.datasets.list()).find(({ name }) => name === 'own'),
    own,
  )
  await ct.datasets.delete('own')
})

await t.test('snapshots', async (t) => {
  t.match(await run('before-upgrade', ['oldest']), {
    oldest: { name: 'before-upgrade', aside: false },
  })
  await run('nightly', [])
  t.match((await host.containers.get('db1').snapshots.list())[0], { name: 'nightly' })
})

await t.test('copies', async (t) => {
  await run('containers.copy', [])
  t.match(host.containers.get('web2').show(), { state: 'stopped', cloneMode: 'clone' })
})

await t.test('the trash', async (t) => {
  await ct.delete()
  const { destroyed, left } = await run('prune', ['destroyed', 'left'])
  const others = (destroyed as string[]).filter((name) => !name.includes('/ct-web1-own.'))
  t.match(others, [/\/trash\/ct-web1-data\./, /\/trash\/ct-web1\./])
  t.same(left, [])
})
