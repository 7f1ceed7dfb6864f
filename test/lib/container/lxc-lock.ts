// liblxc makes a lock file for each name of a container and never removes one. They go with what they
// are for.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { busybox, importBusybox, startedContainer } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')

await t.test('lock files of liblxc', async (t) => {
  const host = await Host.temporary()
  const { stateDir, cgroupRoot } = host
  const directory = join('/run/lxc/lock', stateDir, 'pools/tank/lxc')
  const roots = (): string => readFileSync('/run/vpsadminos/cgroup-roots.json', 'utf8')
  t.teardown(() => host.close())
  await importBusybox(t, host)
  for (const id of ['deleted', 'renamed', 'kept']) await startedContainer(host, { id })
  t.strictSame(readdirSync(directory).sort(), ['.deleted', '.kept', '.renamed'])
  t.match(roots(), cgroupRoot)

  await host.containers.get('deleted').delete({ force: true })
  await host.containers.get('renamed').stop({ method: 'kill' })
  await host.containers.get('renamed').rename('other')
  t.strictSame(readdirSync(directory), ['.kept'])
  await host.containers.get('other').start()
  t.strictSame(readdirSync(directory).sort(), ['.kept', '.other'])

  await host.containers.get('other').stop({ method: 'kill' })
  await host.containers.get('kept').stop({ method: 'kill' })
  const { path } = host.pools.get('tank').show()
  await host.pools.export('tank')
  t.notOk(existsSync(directory))

  await host.pools.import({ name: 'tank', path })
  await host.containers.create({ id: 'running', image: busybox })
  await host.containers.get('running').start()
  t.strictSame(readdirSync(directory), ['.running'])
  await host.close()
  t.notOk(existsSync(join('/run/lxc/lock', stateDir)))
  t.notMatch(roots(), cgroupRoot)
})
