// Limits that were written when nobody noted them any more: the file says what holds.
import { Host } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import type { Step } from '../../../dist/step.js'
import { endOf, moduleOf } from '../../helpers/child.js'
import { importBusybox, startedContainer } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const cgroups = Cgroups.mounted()
t.teardown(() => cgroups.close())
const { container, group } = await (async () => {
  await using host = await Host.open({ ...options, pools: [] })
  await host.pools.install(options.pools[0])
  await importBusybox(t, host)
  const { cgroup: group } = await host.groups.create({ path: '/some' })
  const ct = await startedContainer(host, { id: 'one', group: '/some' })
  return { container: ct.show().cgroup, group }
})()

const limitOf = async (cgroup: string) =>
  (await cgroups.dir(cgroup).read('pids', 'pids.max')).trim()

for (const [what, step, cgroup] of [
  ["containers.get('one')", 'set.limits', container],
  ["groups.get('/some')", 'group-set.limits', group],
] as const satisfies [string, Step, string][]) {
  await t.test(`${what}.set()`, async (t) => {
    const cutOff = async () => {
      const end = await endOf(`
        import { Host } from ${moduleOf('index.js')}
        import { arm } from ${moduleOf('step.js')}
        const host = await Host.open(${JSON.stringify(options)})
        arm({ how: 'kill', step: '${step}' })
        await host.${what}.set({ pidsLimit: 77 })
      `)
      t.equal(end, 'SIGKILL')
      t.equal(await limitOf(cgroup), '77')
    }
    const set = async (pidsLimit: number | null) => {
      await using host = await Host.open(options)
      const one = what.startsWith('groups') ? host.groups.get('/some') : host.containers.get('one')
      t.equal(await limitOf(cgroup), String(one.show().pidsLimit ?? 'max'))
      await one.set({ pidsLimit })
    }
    await cutOff()
    await set(55)
    await cutOff()
    await set(null)
    await set(null)
  })
}
