// A keeper that comes after another one removes what sessions of that one have left, a second after it has
// begun, too: never what its own are about to use.
import { busybox, temporaryHost } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'cgroup2', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'one', image: busybox })
await ct.start()

await t.test('programs while it looks', async (t) => {
  for (let round = 0; round < 3; round++) {
    const before = await host.keeperPid()
    process.kill(before, 'SIGKILL')
    await until(async () => (await host.keeperPid().catch(() => before)) !== before)
    const end = Date.now() + 1500 + upTo(100)
    const outcomes = new Set<unknown>()
    const runs = async () => {
      while (Date.now() < end) {
        const { exitCode } = await ct
          .exec(['true'])
          .catch((error: unknown) => ({ exitCode: error }))
        outcomes.add(exitCode)
      }
    }
    await Promise.all(Array.from({ length: 8 }, runs))
    t.same([...outcomes], [0])
  }
})
