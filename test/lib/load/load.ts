// How busy the host and its containers are, by what they do.
import type { ContainerLoad, HostLoad } from 'vpsadminos'
import { startedContainer, temporaryHost } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const host = await temporaryHost(t)
const ct = await startedContainer(host, { id: 'web1' })
await startedContainer(host, { id: 'db1' })
await host.containers.create({ id: 'idle', image: { distribution: 'busybox' } })

const of = (load: HostLoad, id: string): ContainerLoad => {
  const found = load.containers.find((one) => one.id === id)
  if (found === undefined) throw new Error(`${id} is not told of`)
  return found
}

await t.test('those that run, and the machine', async (t) => {
  const load = await host.load()
  t.same(load.containers.map(({ id }) => id).sort(), ['db1', 'web1'])
  const one = of(load, 'web1')
  t.match(one, {
    pool: 'tank',
    initPid: ct.show().initPid,
    memory: Number,
    zfs: null,
    network: null,
  })
  // Its init may be starting what there is to start.
  await until(async () => of(await host.load(), 'web1').pids === (await ct.stats()).pids)
  t.ok((one.cpuUs ?? 0) > 0)
  t.equal(load.processes, null, 'which was not asked for')
  t.ok(load.tasks > (one.pids ?? 0))
})

await t.test('the difference of two is what was done meanwhile', async (t) => {
  const before = await host.load()
  await ct.exec(['sh', '-c', 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'])
  const after = await host.load()
  const ms = (after.atUs - before.atUs) / 1000
  t.ok(ms > 10 && ms < 600_000, `${ms} ms`)
  const used = (id: string) => (of(after, id).cpuUs ?? 0) - (of(before, id).cpuUs ?? 0)
  t.ok(used('web1') > 10_000, `${used('web1')} µs`)
  t.ok(used('web1') > used('db1'))
})

await t.test('what processes do', async (t) => {
  await using _session = await ct.spawn(['sleep', '1000'])
  await until(async () => {
    const { processes } = await host.load({ processes: true, iostat: false })
    return (processes?.S ?? 0) > 3
  })
  const { processes, tasks } = await host.load({ processes: true })
  const all = Object.values(processes ?? {}).reduce((sum, number) => sum + number, 0)
  t.ok(all > 10 && all <= tasks * 2, `${all} processes, ${tasks} tasks`)
})

await t.test('what makes no sense, and what is given up', async (t) => {
  await t.rejects(host.load({ iostats: true } as never), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(host.load({ processes: 1 } as never), { code: 'ERR_INVALID_ARGUMENT' })
  const reason = new Error('enough')
  await t.rejects(host.load({ signal: AbortSignal.abort(reason) }), reason)
  const later = new AbortController()
  const reading = host.load({ signal: later.signal })
  later.abort(reason)
  await t.rejects(reading, reason)
})
