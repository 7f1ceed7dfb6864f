// Each step of each operation fails. The operation says so, and is undone; what cannot be undone any
// more, as a deletion, is finished by who opens the host next.
import { Host } from 'vpsadminos'
import { arm } from '../../dist/step.js'
import { differences, stateOf } from '../helpers/host-state.js'
import { begin, operationsHost, testedOperations } from '../helpers/operations.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const { options, place } = await operationsHost(t)
let host = await Host.open(options)
t.teardown(() => {
  arm(null)
  return host.close()
})
const reopen = async (): Promise<void> => {
  await host.close()
  host = await Host.open(options)
}
await begin(host, options, place)
await reopen()
const beginning = await stateOf(host, place)

/** Its stop cannot be undone. */
const RESTART = 'restart a container'
const whole = testedOperations.filter(({ name }) => name !== RESTART)

for (const { name, steps, fleeting = false, prepare, run, settle, restore } of whole) {
  await t.test(name, async (t) => {
    await prepare?.(host, place)
    const before = await stateOf(host, place)
    await run(host, place)
    const after = await stateOf(host, place)
    await restore(host, place)

    for (const step of steps) {
      await prepare?.(host, place)
      arm({ how: 'fail', step })
      await t.rejects(run(host, place), { code: 'ERR_FAULT', step }, `${step} fails`)
      arm(null)
      const undone = differences(before, await stateOf(host, place))
      if (undone.length > 0) {
        await reopen()
        await settle?.(host, place)
      }
      const found = await stateOf(host, place)
      if (differences(after, found).length === 0) t.pass(`${step}: wholly done`)
      else t.same(differences(before, found), [], `${step}: undone`)
      t.same((await host.audit()).leftovers, [], `${step}: nothing is left over`)
      t.same(host.locks(), [], `${step}: nor locked`)
      if (fleeting || differences(before, found).length === 0) await run(host, place)
      await restore(host, place)
      const now = await stateOf(host, place)
      t.same(differences(beginning, now), [], `${step}: and taken back`)
    }
  })
}
await t.test(RESTART, async (t) => {
  const started = () => host.containers.get('started')
  for (const [step, state] of [
    ['stop.ended', 'stopped'],
    ['start.prepared', 'stopped'],
    ['start.running', 'running'],
  ] as const) {
    await started().start()
    arm({ how: 'fail', step })
    await t.rejects(started().restart(), { code: 'ERR_FAULT', step }, `${step} fails`)
    arm(null)
    t.equal(started().state, state, 'which its caller is told, and it is as far as it came')
    t.same((await host.audit()).leftovers, [], `${step}: nothing is left over`)
    t.same(host.locks(), [], `${step}: nor locked`)
    await reopen()
    t.equal(started().state, state, 'nobody else goes on with it')
    if (state === 'running') await started().kill()
    t.same(differences(beginning, await stateOf(host, place)), [], `${step}: and taken back`)
  }
})
