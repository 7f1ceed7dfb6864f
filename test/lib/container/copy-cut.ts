// A copy that was cut off: what was brought to rest for it goes on, unless something else has become of it since.
import { rmSync } from 'node:fs'
import { Host } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import type { Step } from '../../../dist/step.js'
import { endOf, moduleOf } from '../../helpers/child.js'
import { importBusybox, startedContainer } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { known } from '../../helpers/keeper-state.js'
import { requires } from '../../helpers/requires.js'
import { titleOf } from '../../helpers/processes.js'
import { onZfs } from '../../helpers/storage.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
let cgroup = ''
{
  await using host = await Host.open({ ...options, pools: [] })
  await host.pools.install(options.pools[0])
  await importBusybox(t, host)
  cgroup = (await startedContainer(host, { id: 'source' })).show().cgroup
}

/** It shuts down in no hurry. */
const SLOW = 'console::askfirst:-/bin/sh\n::shutdown:/bin/sh -c "touch /down; sleep 2"\n'

/** In another process, which does not live longer than that step. */
async function cutOff(step: Step, consistent = true): Promise<void> {
  const end = await endOf(`
    import { Host } from ${moduleOf('index.js')}
    import { arm } from ${moduleOf('step.js')}
    const host = await Host.open(${JSON.stringify(options)})
    arm({ how: 'kill', step: '${step}' })
    await host.containers.copy('source', 'copy', { consistent: ${consistent} })
  `)
  t.equal(end, 'SIGKILL')
}

async function found(): Promise<{ state: string; initPid: number; keeper: number }> {
  await using host = await Host.open(options)
  t.equal(host.containers.find('copy'), null)
  t.same((await host.audit()).leftovers, [])
  const { state, initPid } = host.containers.get('source').show()
  return { state, initPid: initPid ?? 0, keeper: await host.keeperPid() }
}

async function startAgain(): Promise<void> {
  await using host = await Host.open(options)
  await host.containers.get('source').start()
}

await t.test('while it was stopped, or frozen', async (t) => {
  const { initPid } = await found()
  await cutOff('copy.rest')
  const again = await found()
  t.equal(again.state, 'running')
  t.not(again.initPid, initPid)
  // A snapshot needs no rest.
  await cutOff(onZfs ? 'copy.snapshot' : 'copy.rest', false)
  t.match(await found(), { state: 'running', initPid: again.initPid })
})

await t.test('when it went on already, and has ended since', async (t) => {
  await cutOff('copy.rootfs')
  const cgroups = Cgroups.mounted()
  await cgroups.dir(cgroup).kill()
  await until(async () => (await known(options)).length === 0)
  cgroups.close()
  t.match(await found(), { state: 'stopped' })
  await startAgain()
})

await t.test('while its init was about to end', async (t) => {
  const { initPid } = await found()
  {
    await using host = await Host.open(options)
    const source = host.containers.get('source')
    await source.push('/etc/inittab', SLOW)
    await source.restart({ method: 'kill' })
  }
  const before = await found()
  t.not(before.initPid, initPid)
  const end = await endOf(`
    import { Host } from ${moduleOf('index.js')}
    const host = await Host.open(${JSON.stringify(options)})
    host.containers.copy('source', 'copy')
    for (;;) {
      const told = await host.containers.get('source').pull('/down').then(() => true, () => false)
      if (told) process.kill(process.pid, 'SIGKILL')
    }
  `)
  t.equal(end, 'SIGKILL')
  await using host = await Host.open(options)
  const source = host.containers.get('source')
  await until(() => (source.show().initPid ?? before.initPid) !== before.initPid)
  t.equal(host.containers.find('copy'), null)
  await source.push('/etc/inittab', 'console::askfirst:-/bin/sh\n')
  await source.restart({ method: 'kill' })
})

await t.test('by what has ended all that ran', async (t) => {
  const { keeper } = await found()
  await cutOff('copy.rest')
  // As a boot leaves it.
  process.kill(keeper, 'SIGKILL')
  await until(() => titleOf(keeper) === null)
  rmSync(options.stateDir, { recursive: true })
  t.match(await found(), { state: 'stopped' })
})
