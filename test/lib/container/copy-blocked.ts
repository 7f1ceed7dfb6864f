// What could not be started again is not stopped for a copy: others have its ids, which its pool had given up. When they
// have them no more, it has them again.
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { importBusybox, startedContainer } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const [pool = { name: '', path: '' }] = options.pools
const marker = join('path' in pool ? pool.path : '', 'osctl-pool.yml')

await t.test('refused before it is stopped', async (t) => {
  const before = await Host.open({ ...options, pools: [] })
  await before.pools.install(pool)
  await importBusybox(t, before)
  const { user } = await startedContainer(before, { id: 'source' })
  const uidMap = user.uidMap.map(({ nsId, hostId, count }) => `${nsId}:${hostId}:${count}`)
  await before.close()

  // For others there is no such pool meanwhile.
  renameSync(marker, `${marker}.away`)
  await using other = await Host.temporary()
  await other.users.create({ name: 'first', uidMap })
  renameSync(`${marker}.away`, marker)

  await using host = await Host.open(options)
  const source = host.containers.get('source')
  const { initPid } = source.show()
  await t.rejects(host.containers.copy('source', 'copy'), { code: 'ERR_STATE', state: 'blocked' })
  t.match(source.show(), { state: 'running', initPid })
  await (await host.containers.copy('source', 'copy', { consistent: false })).delete()
  t.match(source.show(), { state: 'running', initPid })
  await t.rejects(source.restart(), { code: 'ERR_STATE', state: 'blocked' })
  await other.users.get('first').delete()
  await source.restart({ method: 'kill' })
  t.equal(host.users.get('source').show().conflict, null, 'nobody else has its ids any more')
  t.match(source.show(), { state: 'running' })
  await source.delete({ force: true })
})
