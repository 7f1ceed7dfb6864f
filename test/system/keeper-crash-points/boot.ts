// Keepers that end, or fail, at each step of their own beginning: the next one finds all.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Host } from 'vpsadminos'
import { Keeper } from '../../../dist/keeper/keeper.js'
import { keeperProgram } from '../../../dist/keeper/spawn.js'
import { differences } from '../../helpers/host-state.js'
import { until } from '../../helpers/keeper-host.js'
import { keeperOperations, stepsOf } from '../../helpers/keeper-operations.js'
import { armKeeper, keeperSteps, type KeeperFault } from '../../helpers/keeper-steps.js'
import { keeperPlace, wholeState } from '../../helpers/keeper-walk.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const { options, place } = await keeperPlace(t)
let host = await Host.open(options)
t.teardown(() => host.close())
const beginning = await wholeState(host, place)

await t.test('the beginning of a keeper', async (t) => {
  for (const step of stepsOf('boot')) {
    for (const how of ['kill', 'fail']) {
      await host.close()
      const first = await Keeper.connect(options)
      await first.shutdown({ force: true })
      await first.close()
      await until(() => !existsSync(`/proc/${first.pid}`))
      const child = spawn(
        keeperProgram(),
        ['--state-dir', options.stateDir, '--cgroup-root', options.cgroupRoot],
        { env: { VPSADMINOS_KEEPER_FAULT: `${how}:${step}` }, stdio: ['ignore', 'pipe', 'pipe'] },
      )
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
      await once(child, 'close')
      const end = child.signalCode ?? child.exitCode
      t.equal(end, how === 'kill' ? 'SIGKILL' : 1, `${step}: ${how}`)
      if (how === 'fail') t.match(said, `fault ${step}`)
      host = await Host.open(options)
      t.same(
        differences(beginning, await wholeState(host, place)),
        [],
        `${step}: the next one finds all`,
      )
      t.same((await host.audit()).leftovers, [])
    }
  }
})

await t.test('an unknown step is refused', async (t) => {
  const fault: KeeperFault = { step: 'start.nothing', how: 'kill', pid: 0 }
  await t.rejects(armKeeper(host, fault), { code: 'ENOENT' })
  await t.rejects(armKeeper(host, { step: 'program.told', how: 'kill', pid: 1 }), {
    code: 'EINVAL',
  })
})

await t.test('every step is some test’s', async (t) => {
  const walked = new Set([
    ...['boot', 'renew'].flatMap((part) => stepsOf(part)),
    ...keeperOperations.flatMap(({ steps }) => steps),
  ])
  t.same(
    [...keeperSteps.keys()].filter((step) => !walked.has(step)),
    [],
  )
})
