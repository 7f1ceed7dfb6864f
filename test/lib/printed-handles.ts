// console.log() of handles: what they are, and nothing of the engine's insides.
import { inspect } from 'node:util'
import { busybox, temporaryHost } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'web', image: busybox })

await t.test('what show() tells', async (t) => {
  for (const [handle, name] of [
    [ct, 'Container'],
    [ct.user, 'User'],
    [ct.group, 'Group'],
    [host.pools.get('tank'), 'Pool'],
    [host.idRanges.get('default'), 'IdRange'],
  ] as const) {
    t.equal(inspect(handle), `${name} ${inspect(handle.show())}`)
  }
})

await t.test('of a container that was deleted, that', async (t) => {
  await ct.delete()
  t.equal(inspect(ct), "Container (container 'web' not found: it was deleted)")
})
