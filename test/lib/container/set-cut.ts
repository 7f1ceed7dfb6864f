// Limits that were written when nobody noted them any more: the file says what holds.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { StatePaths } from '../../../dist/host/paths.js'
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

const paths = new StatePaths(options.stateDir)
const noteOf = (id: string) => join(paths.container('tank', id), 'unapplied')

for (const [what, note, cgroup] of [
  ['a container', noteOf('one'), container],
  ['a group', paths.unapplied('tank', '/some'), group],
] as const) {
  await t.test(`what could not be applied to ${what} is noted until it is`, async (t) => {
    const version = cgroups.version('pids')
    const param = { version, subsystem: 'pids', name: 'pids.max', value: ['77'] }
    {
      await using host = await Host.open(options)
      await cgroups.dir(cgroup).write('pids', 'pids.max', '77')
      await writeFile(note, JSON.stringify([param]))
      const one = what === 'a group' ? host.groups.get('/some') : host.containers.get('one')
      for (const memoryLimit of ['256 MiB', null]) await one.set({ memoryLimit })
      t.equal(await limitOf(cgroup), '77', 'another change does not apply it')
      t.ok(existsSync(note))
    }
    await using _host = await Host.open(options)
    t.equal(await limitOf(cgroup), 'max')
    t.notOk(existsSync(note))
  })
}

for (const step of ['set.file', 'set.lxc'] satisfies Step[]) {
  await t.test(`cut off after ${step}, what waits for the next start does`, async (t) => {
    const end = await endOf(`
      import { Host } from ${moduleOf('index.js')}
      import { arm } from ${moduleOf('step.js')}
      const host = await Host.open(${JSON.stringify(options)})
      arm({ how: 'kill', step: '${step}' })
      await host.containers.get('one').set({ nesting: true })
    `)
    t.equal(end, 'SIGKILL')
    // The second one has it of the first.
    for (let opened = 0; opened < 2; opened++) {
      await using host = await Host.open(options)
      t.same(host.containers.get('one').show().pending, ['nesting'])
    }
    await using host = await Host.open(options)
    const ct = host.containers.get('one')
    t.match(await ct.set({ nesting: false }), { applied: ['nesting'], pending: [] })
    t.notOk(existsSync(join(paths.container('tank', 'one'), 'pending')))
  })
}

const skip = cgroups.version('cpu') === 2 && 'of v2, none is used here that has no such value'
await t.test('a parameter that nothing takes back waits, too', { skip }, async (t) => {
  const param = { version: 1 as const, name: 'cpu.shares', value: 512 }
  {
    await using host = await Host.open(options)
    await host.containers.get('one').set({ cgparams: [param] })
  }
  const end = await endOf(`
    import { Host } from ${moduleOf('index.js')}
    import { arm } from ${moduleOf('step.js')}
    const host = await Host.open(${JSON.stringify(options)})
    arm({ how: 'kill', step: 'set.file' })
    await host.containers.get('one').set({ cgparams: [] })
  `)
  t.equal(end, 'SIGKILL')
  await using host = await Host.open(options)
  t.same(host.containers.get('one').show().pending, ['cgparams'])
})

await t.test('a start applies all that there is', async (t) => {
  await using host = await Host.open(options)
  await writeFile(noteOf('one'), '[]')
  await host.containers.get('one').restart({ method: 'kill' })
  t.notOk(existsSync(noteOf('one')))
})
