// A pool whose containers run in a host that is closed is not imported as another one.
import { Host } from 'vpsadminos'
import { busybox, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const [pool] = options.pools
let path = ''
let initPid = 0

await t.test('containers go on after the host is closed', async () => {
  await using host = await Host.open({ ...options, pools: [] })
  await host.pools.install(pool)
  path = host.pools.get(pool.name).show().path
  await importBusybox(t, host)
  const ct = await host.containers.create({ id: 'one', image: busybox })
  initPid = (await ct.start()).initPid
})

await t.test('another host does not get it, nor the same one by another name', async (t) => {
  const refused = {
    code: 'ERR_BUSY',
    resource: `pool '${path}'`,
    holder: new RegExp(`run as pool 'tank' of host '${options.stateDir}' \\(\\d+ processes\\)`),
  }
  await using other = await Host.temporary()
  await t.rejects(other.pools.import({ ...pool, name: 'other' }), refused)
  await using same = await Host.open({ ...options, pools: [] })
  await t.rejects(same.pools.import({ ...pool, name: 'other' }), refused)
  t.equal(process.kill(initPid, 0), true)
})

await t.test('its own does, and anybody once nothing of it runs', async (t) => {
  {
    await using host = await Host.open(options)
    t.match(host.containers.get('one').show(), { state: 'running', initPid })
    await host.containers.get('one').stop()
  }
  await using other = await Host.temporary()
  await other.pools.import({ ...pool, name: 'other' })
  t.equal(other.containers.get('other:one').state, 'stopped')
  await other.pools.export('other')
})
