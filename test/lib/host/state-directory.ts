// The directory of the run state is in memory: it may be full, and somebody may clean up in it.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { busybox, importBusybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const { stateDir } = options
mkdirSync(stateDir, { mode: 0o755 })
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0755', 'tmpfs', stateDir])
let host = await Host.open({ ...options, pools: [] })
t.teardown(() => host.close())
await host.pools.install(options.pools[0])
await importBusybox(t, host)
const runs = await host.containers.create({ id: 'runs', image: busybox })
const waits = await host.containers.create({ id: 'waits', image: busybox })
// What is there for LXC since it was made does not do any more.
await waits.set({ nesting: true })
const reboots = await host.containers.create({ id: 'reboots', image: busybox })
const { initPid } = await runs.start()
await reboots.start()

await t.test('it is full', async (t) => {
  const full = { code: 'ERR_STATE_DIRECTORY_FULL', path: new RegExp(`^${stateDir}/`) }
  const fillers = Array.from({ length: 4000 }, (_, index) => join(stateDir, `filler-${index}`))
  try {
    for (const path of fillers) writeFileSync(path, Buffer.alloc(4096))
    t.fail('it is not full')
  } catch (error) {
    t.match(error, { code: 'ENOSPC' })
  }
  await t.rejects(waits.start(), full)
  await t.rejects(waits.boot({ image: busybox }), full)
  await t.rejects(runs.set({ memoryLimit: '64 MiB' }), full)
  t.equal(runs.show().memoryLimit, null)
  t.equal((await runs.exec(['echo', 'goes on'])).stdout, 'goes on\n')
  await t.rejects(reboots.reboot(), { code: 'ERR_CONTAINER_ENDED' })
  t.match(reboots.show(), { state: 'stopped', exit: { reason: 'failed', code: null } })
  for (const path of fillers) rmSync(path, { force: true })
  await reboots.start()
  await reboots.delete({ force: true })
  await runs.set({ memoryLimit: '64 MiB' })
  await waits.start()
  await waits.stop()
  t.same((await host.audit()).leftovers, [])
})

await t.test('it is deleted', async (t) => {
  // The keeper makes its socket anew at once, perhaps while its directory is being removed.
  const deleted = (names = () => readdirSync(stateDir)) =>
    until(() => {
      try {
        for (const name of names()) {
          rmSync(join(stateDir, name), { recursive: true, force: true })
        }
        return true
      } catch {
        return false
      }
    })
  await deleted()
  t.match(await runs.set({ prlimits: { nofile: 2000 } }), { pending: ['prlimits'] })
  await deleted()
  const fresh = await host.containers.create({ id: 'fresh', image: busybox })
  await deleted()
  await t.rejects(
    runs.exec(['true']),
    { code: 'ENOKEY' },
    'the seccomp filter that it has is not known',
  )
  await fresh.start()
  t.equal((await runs.exec(['echo', 'now'])).stdout, 'now\n', 'that of a start is the same')
  await fresh.kill()
  for (const name of readdirSync(stateDir)) {
    await deleted(() => [name])
    t.type((await fresh.start()).initPid, 'number', `without ${name}`)
    await fresh.kill()
  }
  await fresh.delete({ force: true })
  await runs.set({ memoryLimit: '32 MiB' })
  await host.close()
  host = await Host.open(options)
  t.match(host.containers.get('runs').show(), { state: 'running', initPid })
  t.same((await host.audit()).leftovers, [])
  await host.containers.get('runs').restart()
  t.equal((await host.containers.get('runs').exec(['echo', 'again'])).stdout, 'again\n')
  await host.containers.get('runs').delete({ force: true })
  await host.containers.get('waits').delete()
})

await t.test('a host is opened where it was', async (t) => {
  await host.pools.export('tank')
  const keeper = await host.keeperPid()
  await host.close()
  process.kill(keeper)
  await until(() => !existsSync(`/proc/${keeper}`))
  execFileSync('umount', [stateDir])
  host = await Host.open(options)
  t.same(host.containers.list(), [])
  await host.close()
})
