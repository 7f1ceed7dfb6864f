// A keeper that becomes another program, cut off at each step of it: the containers run on, and who is
// there then, it or another one, has them.
import { once } from 'node:events'
import { Host } from 'vpsadminos'
import { Keeper } from '../../../dist/keeper/keeper.js'
import { differences } from '../../helpers/host-state.js'
import { until } from '../../helpers/keeper-host.js'
import { stepsOf } from '../../helpers/keeper-operations.js'
import { armKeeper, keeperSteps } from '../../helpers/keeper-steps.js'
import { keeperPlace, wholeState } from '../../helpers/keeper-walk.js'
import { runsKeeper, useNextKeeper } from '../../helpers/next-keeper.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const { options, place } = await keeperPlace(t)
let host = await Host.open(options)
t.teardown(() => host.close())
const beginning = await wholeState(host, place)

for (const step of stepsOf('renew')) {
  for (const how of ['kill', ...(keeperSteps.get(step)?.fails === true ? ['fail'] : [])] as const) {
    await t.test(`${step}: ${how}`, async (t) => {
      const before = await host.keeperPid()
      const keeper = await Keeper.connect(options)
      await using session = await host.containers.get('live').spawn(['cat'])
      useNextKeeper(t)
      await armKeeper(host, { step, how: how === 'fail' ? 'fail' : 'kill', pid: 0 })
      await t.rejects(keeper.renew(), {
        code: how === 'fail' ? 'ERR_KEEPER_RENEWAL' : 'ERR_KEEPER_LOST',
      })
      await keeper.close()
      if (how === 'kill') {
        await until(async () => (await host.keeperPid()) !== before)
        await t.rejects(session.exit, { code: 'ERR_KEEPER_LOST' })
      } else {
        t.equal(await host.keeperPid(), before)
        t.notOk(runsKeeper(before), 'it is what it was')
        t.match(await host.containers.get('live').sessions(), [{ session: session.id }])
      }
      await session.close()
      await armKeeper(host, null)
      t.match(await host.containers.get('live').exec(['echo', 'here']), { stdout: 'here\n' })
      // A program of a keeper that was killed may end later than its session.
      const changed = async () => differences(beginning, await wholeState(host, place))
      await until(async () => (await changed()).length === 0).catch(() => undefined)
      t.same(await changed(), [])
      t.same((await host.audit()).leftovers, [])
    })
  }
}

await t.test('who opens the host when that happens has a keeper', async (t) => {
  const before = await host.keeperPid()
  await armKeeper(host, { step: 'renew.begun', how: 'kill', pid: 0 })
  await host.close()
  useNextKeeper(t)
  const warned = once(process, 'warning')
  host = await Host.open(options)
  t.match(await warned, [{ message: /has gone/ }])
  t.not(await host.keeperPid(), before)
  t.match(await host.containers.get('live').exec(['echo', 'here']), { stdout: 'here\n' })
  t.same((await host.audit()).leftovers, [])
})
