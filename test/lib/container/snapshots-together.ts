// Snapshots of several containers are one operation, which nobody gets into the middle of.
import { Host } from 'vpsadminos'
import { busybox, importBusybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
// In a directory, wherever other tests have theirs: its storage of snapshots is that of this test.
const host = await Host.temporary()
t.teardown(() => host.close())
await importBusybox(t, host)
const ids = ['a', 'b', 'c']
for (const id of ids) await host.containers.create({ id, image: busybox })

const made: (readonly string[])[] = []
Object.defineProperty(host.pools.get('tank').driver, 'snapshots', {
  value: {
    create: (homes: readonly string[]) => {
      made.push(homes)
      return Promise.resolve()
    },
  },
})

const wait = upTo(5000)
const isWaitedFor = (wanted: string): boolean =>
  host.locks().some(({ resource, waiters }) => resource === wanted && waiters.length > 0)

await t.test('one of them gets another name meanwhile', async (t) => {
  const { record } = host.containers.get('b')
  const held = await record.begin('test', {})
  const renaming = host.containers.get('b').rename('d', { wait })
  await until(() => isWaitedFor('container tank:b'))
  const snapshotting = host.containers.snapshot(ids, 'first', { wait })
  await until(() => host.locks().some(({ waiters }) => waiters.length > 1))
  held[Symbol.dispose]()
  await Promise.all([renaming, snapshotting])
  t.same(made.splice(0), [['a', 'd', 'c'].map((id) => host.containers.get(id).record.home)])
  await host.containers.get('d').rename('b')
})

await t.test('whoever exports the pool meanwhile waits for all of them', async (t) => {
  const held = await host.containers.get('b').record.begin('test', {})
  const snapshotting = host.containers.snapshot(ids, 'second', { wait })
  await until(() => isWaitedFor('container tank:b'))
  const exporting = host.pools.export('tank', { wait })
  await until(() => isWaitedFor('pool tank'))
  held[Symbol.dispose]()
  await snapshotting
  t.equal(made[0]?.length, 3)
  await exporting
  t.equal(host.pools.find('tank'), null)
})
