// A mount that its process did not come to waits for the next start, and who opens the host next sees that.
import { Host } from 'vpsadminos'
import { endOf, moduleOf } from '../../helpers/child.js'
import { sh } from '../../helpers/guest-zfs.js'
import { importBusybox, startedContainer } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { makeDataset, testMountpoint } from '../../helpers/storage.js'
import { lastingHost, whileOpen } from '../../helpers/system.js'
import { testPool } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const mountpoint = testMountpoint(t)
const dataset = `${testPool(t)}/pool`
makeDataset(dataset, mountpoint)
const options = lastingHost(t, dataset)
{
  await using host = await Host.open({ ...options, pools: [] })
  await host.pools.install(options.pools[0])
  await importBusybox(t, host)
  const ct = await startedContainer(host, { id: 'web1' })
  for (const name of ['one', 'two']) await ct.datasets.create(name, { mountpoint: null })
}

await t.test('killed before it has mounted what the file says', async (t) => {
  const end = await endOf(`
    import { Host } from ${moduleOf('index.js')}
    import { Keeper } from ${moduleOf('keeper/keeper.js')}
    const host = await Host.open(${JSON.stringify(options)})
    Keeper.prototype.mount = () => process.kill(process.pid, 'SIGKILL')
    await host.containers.get('web1').mounts.add({ dataset: 'one', mountpoint: '/one' })
  `)
  t.equal(end, 'SIGKILL')

  await whileOpen(options, async (_host, ct) => {
    t.match(ct.mounts.list(), [{ mountpoint: '/one' }])
    t.same(ct.show().pending, ['mounts'])
    t.equal(await sh(ct, 'grep -c " /one " /proc/mounts || true'), '0')
    await ct.mounts.add({ dataset: 'two', mountpoint: '/two' })
    t.equal(await sh(ct, 'grep -c " /one \\| /two " /proc/mounts'), '1')
    t.same(ct.show().pending, ['mounts'])
    await ct.mounts.remove('/one')
    t.same(ct.show().pending, [])
    await ct.mounts.add({ dataset: 'one', mountpoint: '/one' })
    await ct.mounts.remove('/two')
    t.same(ct.show().pending, [])
    t.equal(await sh(ct, 'grep -c " /one \\| /two " /proc/mounts'), '1')
  })
})

await t.test('killed after it has unmounted what the file does not say any more', async (t) => {
  const end = await endOf(`
    import { Host } from ${moduleOf('index.js')}
    import { Keeper } from ${moduleOf('keeper/keeper.js')}
    const host = await Host.open(${JSON.stringify(options)})
    const { unmount } = Keeper.prototype
    Keeper.prototype.unmount = async function (...args) {
      await unmount.apply(this, args)
      process.kill(process.pid, 'SIGKILL')
    }
    await host.containers.get('web1').mounts.remove('/one')
  `)
  t.equal(end, 'SIGKILL')

  await whileOpen(options, async (_host, ct) => {
    t.same(ct.mounts.list(), [])
    await ct.mounts.add({ dataset: 'one', mountpoint: '/one' })
    t.same(ct.show().pending, [])
    t.equal(await sh(ct, 'grep -c " /one " /proc/mounts'), '1', 'mounted, not only said to be')
  })
})
