// What a container does is asked of the keeper again, and what is to be done when it has ended is done.
import { busybox, importBusybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { systemHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await systemHost(t)
await importBusybox(t, host)
const ct = await host.containers.create({ id: 'one', image: busybox })
/** As if an event had been missed. */
const believe = (state: 'running' | 'stopping', initPid: number) =>
  ct.record.run.adopt({
    ...{ pool: 'tank', id: 'one', ready: false, once: false, program: false },
    ...{ state, initPid },
  })

await t.test('one that is thought to run', async (t) => {
  t.equal(await ct.recoverState(), 'stopped')
  believe('running', 2 ** 22 - 1)
  t.equal(ct.state, 'running')
  t.equal(await ct.recoverState(), 'stopped')
  t.match(ct.show(), { state: 'stopped', initPid: null })
  await ct.start()
})

await t.test('one that runs', async (t) => {
  const { initPid } = ct.show()
  believe('stopping', 1)
  t.equal(await ct.recoverState(), 'running')
  t.match(ct.show(), { initPid })
  await ct.freeze()
  t.equal(await ct.recoverState(), 'frozen')
  await ct.thaw()
  t.equal((await ct.exec(['echo', 'here'])).stdout, 'here\n')
})

await t.test('while something else is done to it', async (t) => {
  const initPid = ct.show().initPid ?? 0
  process.kill(initPid, 'SIGSTOP')
  const stopping = ct.stop()
  await until(() => host.locks().length > 0)
  await t.rejects(ct.recoverState(), { code: 'ERR_BUSY', holder: 'stop' })
  t.match(await ct.recoverState({ lock: false }), /stopping|running/)
  process.kill(initPid, 'SIGKILL')
  t.match(await stopping, { rung: 'shutdown' })
  t.same(host.locks(), [])
})

await t.test('an ephemeral one is deleted then', async (t) => {
  await ct.set({ ephemeral: true })
  await ct.start()
  const { pid } = { pid: ct.show().initPid ?? 0 }
  t.equal(await ct.recoverState(), 'running')
  process.kill(pid, 'SIGKILL')
  await until(() => host.containers.find('one') === null)
  await t.rejects(ct.recoverState(), { code: 'ERR_NOT_FOUND' })
  await t.rejects(ct.recoverState({ lokc: true } as never), { code: 'ERR_INVALID_ARGUMENT' })
  t.same((await host.audit()).leftovers, [])
})
