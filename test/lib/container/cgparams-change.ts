// Some cgroup parameters are changed and the others stay, also while somebody else changes these.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CgparamChange, OperationOptions } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { systemHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const cgroups = Cgroups.mounted()
t.teardown(() => cgroups.close())
const v2 = cgroups.layout === 'unified'
const version = v2 ? 2 : 1
const [soft, weight] = v2
  ? ['memory.high', 'cpu.weight']
  : ['memory.soft_limit_in_bytes', 'cpu.shares']
const MiB = 2 ** 20
const wrong = { code: 'ERR_INVALID_ARGUMENT' }

const host = await systemHost(t)
await importBusybox(t, host)
const ct = await host.containers.create({ id: 'one', image: busybox, memoryLimit: '512 MiB' })
await ct.start()
const group = await host.groups.create({ path: '/some' })

for (const [name, thing, cgroup] of [
  ['a container that runs', ct, ct.show().cgroup],
  ['a group', group, group.cgroup],
] as const) {
  const inKernel = (file: string) => {
    const mountpoint = cgroups.mountpoint(file.replace(/\..*/, '')) ?? ''
    return readFileSync(join(mountpoint, cgroup, file), 'utf8').trim()
  }
  await t.test(name, async (t) => {
    await thing.changeCgparams({ set: [{ version, name: soft, value: 64 * MiB }] })
    await thing.changeCgparams({ set: [{ version, name: weight, value: 200 }] })
    t.equal(inKernel(weight), '200')
    t.equal(inKernel(soft), String(64 * MiB))
    const values = () => thing.show().cgparams.map(({ name, value }) => [name, ...value])
    t.same(values(), [
      [soft, String(64 * MiB)],
      [weight, '200'],
    ])
    await thing.changeCgparams({ set: [{ version, name: soft, value: 128 * MiB }], append: true })
    t.same(values()[0], [soft, String(64 * MiB), String(128 * MiB)], 'in its place')
    t.equal(inKernel(soft), String(128 * MiB))
    const other = version === 1 ? 2 : 1
    await thing.changeCgparams({
      set: [{ version: other, name: soft, value: 1 }],
      unset: [{ name: weight }],
    })
    t.same(values().length, 2)
    await thing.changeCgparams({ unset: [{ name: soft, version: other }] })
    t.same(values(), [[soft, String(64 * MiB), String(128 * MiB)]])

    await t.test('many at once lose none', async (t) => {
      await thing.changeCgparams({ unset: [{ name: soft }] })
      const values = Array.from({ length: 20 }, (_, i) => (i + 20) * MiB)
      await Promise.all(
        values.map((value) =>
          thing.changeCgparams({ set: [{ version, name: soft, value }], append: true }),
        ),
      )
      const [param] = thing.show().cgparams
      t.same([...(param?.value ?? [])].sort(), values.map(String).sort())
    })

    await t.test('what is wrong is refused before anything is changed', async (t) => {
      const before = thing.show().cgparams
      const refused = async (change: CgparamChange, options?: OperationOptions): Promise<void> => {
        await thing.changeCgparams(change, options)
      }
      await t.rejects(refused({ set: [{ version, name: 'memory.nonsense', value: 1 }] }), {
        ...wrong,
        argument: 'changeCgparams.set.0.name',
      })
      await t.rejects(refused({ unset: [{ name: 'pids.max' }] }), {
        ...wrong,
        message: /is what pidsLimit is for/,
      })
      await t.rejects(refused({ set: [{ version, name: 'cgroup.procs', value: 1 }] }), wrong)
      await t.rejects(refused({ drop: [] } as never), {
        ...wrong,
        argument: 'changeCgparams.drop',
      })
      await t.rejects(refused({}, { signal: AbortSignal.abort() }), {
        name: 'AbortError',
      })
      t.same(thing.show().cgparams, before)
      t.equal(thing.show().memoryLimit, thing === ct ? 512 * MiB : null)
    })
  })
}
