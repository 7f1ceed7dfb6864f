// A list has those that match, in one order, and of each what was asked for.
import { temporaryHost, busybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')

await t.test('of several', async (t) => {
  const host = await temporaryHost(t)
  await host.groups.create({ path: '/web' })
  for (const [id, group] of [
    ['c', '/default'],
    ['a', '/web'],
    ['b', '/web'],
  ] as const) {
    await host.containers.create({ id, group, image: busybox })
  }
  await host.containers.get('b').start()
  const { containers } = host
  const ids = (filter?: Parameters<typeof containers.list>[0]) =>
    containers.list(filter).map(({ id }) => id)
  t.same(ids(), ['a', 'b', 'c'], 'in order')
  t.same(ids({ group: '/web' }), ['a', 'b'])
  t.same(ids({ group: ['/web', '/default'], state: ['running', 'frozen'] }), ['b'])
  t.same(ids({ version: 'none' }), [])
  t.same(ids({ user: [] }), [], 'none of them')
  t.same(containers.list({ state: 'stopped' }, ['id', 'group']), [
    { id: 'a', group: '/web' },
    { id: 'c', group: '/default' },
  ])
  const all = Object.keys(containers.show('b')) as (keyof ReturnType<typeof containers.show>)[]
  t.same(containers.list({}, all), containers.list(), 'each field is as in the whole')
  t.throws(() => containers.list({ state: 'nonsense' as 'stopped' }), {
    code: 'ERR_INVALID_ARGUMENT',
  })
  t.throws(() => containers.list({}, ['nonsense' as 'id']), { code: 'ERR_INVALID_ARGUMENT' })
  t.throws(() => containers.list({ nonsense: 1 } as object), { code: 'ERR_INVALID_ARGUMENT' })
})
