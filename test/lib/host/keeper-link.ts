// A keeper that ends while its host asks it anew what runs: there is one connection afterwards.
import { setTimeout as sleep } from 'node:timers/promises'
import { KeeperLink } from '../../../dist/host/keeper-link.js'
import type { Keeper } from '../../../dist/keeper/keeper.js'
import { KeeperHost, until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const { stateDir, cgroupRoot } = new KeeperHost(t)

await t.test('another one is found once', async (t) => {
  const met: Keeper[] = []
  const link = await KeeperLink.open(
    { stateDir, cgroupRoot },
    {
      opened: () => undefined,
      event: () => undefined,
      replaced: async (keeper) => {
        met.push(keeper)
        if (met.length > 2) return
        process.kill(keeper.pid, 'SIGKILL')
        // The first answer fails, the second one had come already.
        if (met.length === 1) await keeper.containers()
        else await until(() => !keeper.open)
      },
    },
  )
  process.kill((await link.keeper).pid, 'SIGKILL')
  await until(() => met.length >= 3)
  const keeper = await link.keeper
  await sleep(500)
  t.same(
    met.map(({ open }) => open),
    [false, false, true],
  )
  t.equal(keeper, met[2])
  await link.shutdown()
})
