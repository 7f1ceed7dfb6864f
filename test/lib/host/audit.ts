// The audit finds what was planted, and nothing where nothing is.
import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { onZfs, plantOn } from '../../helpers/storage.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const what = async () => (await host.audit()).leftovers.map((left) => `${left.type} ${left.what}`)

await t.test('a host with containers is clean', async (t) => {
  t.same(await what(), [])
  const ct = await startedContainer(host, { id: 'one' })
  await ct.exec(['true'])
  t.same(await what(), [])
  await ct.stop({ method: 'kill' })
  t.same(await what(), [])
})

await t.test('cgroups of containers that do not run, in every hierarchy', async (t) => {
  for (const { mountpoint } of Cgroups.mounted().hierarchies) {
    const user = join(mountpoint, host.containers.show('one').cgroup, '..')
    const planted = ['ct.one', 'monitor.one', 'ct.gone', 'lxc.monitor.one-1'].map((name) =>
      join(user, name),
    )
    for (const path of planted) mkdirSync(path, { recursive: true })
    t.same((await what()).sort(), planted.map((path) => `cgroup ${path}`).sort(), mountpoint)
    for (const path of planted) rmdirSync(path)
  }
})

await t.test(
  'what is being removed is no leftover',
  { skip: onZfs && 'no files to remove' },
  async (t) => {
    const ct = await host.containers.create({ id: 'large', image: busybox })
    const { path } = host.pools.get('tank').show()
    const upper = join(path, 'ct/large/upper/many')
    mkdirSync(upper)
    for (let index = 0; index < 5000; index++) writeFileSync(join(upper, `${index}`), '')
    let over = false
    const deleted = ct.delete().finally(() => (over = true))
    let looks = 0
    for (; !over; looks++) t.same(await what(), [])
    t.ok(looks > 1, `${looks} looks`)
    t.same((await deleted).leftovers, [])
  },
)

await t.test('rootfs without a container', async (t) => {
  const planted = plantOn(host.pools.get('tank').show(), 'nobody')
  t.same(await what(), [`${planted.type} ${planted.what}`])
  planted.remove()
})
