// Datasets of which a creation or deletion has failed: what was asked for comes first, and nothing later than that.
import { Host } from 'vpsadminos'
import { busybox, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
// In a directory, wherever other tests have theirs: its storage of datasets is that of this test.
const host = await Host.temporary()
t.teardown(() => host.close())
await importBusybox(t, host)
const ct = await host.containers.create({ id: 'one', image: busybox })
const { driver } = host.pools.get('tank')

/** Those that there are, in place of a storage that fails when it is told to. */
const there = new Set<string>()
let fails = false
const refuse = (): Promise<void> => Promise.reject(new Error('not now'))
Object.defineProperty(driver, 'datasets', {
  value: {
    list: () => Promise.resolve([...there].map((name) => ({ name }))),
    create: (_home: string, name: string) => {
      there.add(name)
      return fails ? refuse() : Promise.resolve()
    },
    remove: (_home: string, name: string) => {
      if (fails) return refuse()
      there.delete(name)
      return Promise.resolve()
    },
    nameOf: (home: string, name: string) => `${home}/${name}`,
  },
})
const failing = async (work: () => Promise<unknown>): Promise<void> => {
  fails = true
  await t.rejects(work(), { message: 'not now' })
  fails = false
}

await t.test('a deletion goes on with the next operation', async (t) => {
  await ct.datasets.create('data', { mountpoint: null })
  await failing(() => ct.datasets.delete('data'))
  t.same([...there], ['data'])
  await t.rejects(ct.mounts.add({ dataset: 'data', mountpoint: '/data' }), {
    code: 'ERR_NOT_FOUND',
  })
  t.same([...there], [])
  t.equal(ct.record.config.vpsadminos.deleting_dataset, undefined)

  await ct.datasets.create('data', { mountpoint: null })
  await failing(() => ct.datasets.delete('data'))
  await ct.datasets.delete('data')
  t.same([...there], [], 'or when it is asked for once more')
})

await t.test('a creation is taken back by it', async (t) => {
  await failing(() => ct.datasets.create('data', { mountpoint: null }))
  t.same([...there], ['data'])
  await ct.datasets.create('other', { mountpoint: null })
  t.same([...there], ['other'])
  t.equal(ct.record.config.vpsadminos.making_dataset, undefined)
})

await t.test('whoever watches is told', async (t) => {
  const events = host.events()
  await ct.datasets.create('seen')
  await ct.mounts.add({ dataset: 'seen', mountpoint: '/too' })
  await ct.mounts.remove('/too')
  await ct.datasets.delete('seen', { unmount: true })
  await ct.set({ autostart: false })
  const told: string[] = []
  for await (const event of events) {
    if (event.type === 'changed') told.push(...event.settings)
    if (told.at(-1) === 'autostart') break
  }
  t.same(told, [
    ...['mounts', 'datasets', 'mounts', 'mounts'],
    ...['mounts', 'datasets', 'autostart'],
  ])
})

await t.test('a copy is not to do it, too', async (t) => {
  await failing(() => ct.datasets.delete('other'))
  t.equal(ct.record.config.vpsadminos.deleting_dataset, 'other')
  there.clear()
  const copy = await host.containers.copy('one', 'two')
  t.equal(copy.record.config.vpsadminos.deleting_dataset, undefined)
})
