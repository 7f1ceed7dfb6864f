// The cgroup that a keeper lives in, while somebody tidies up after the one before it.
import { existsSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { hierarchies } from '../../helpers/hierarchies.js'
import { KeeperHost, until } from '../../helpers/keeper-host.js'
import { titleOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = new KeeperHost(t)
const own = hierarchies.map((mountpoint) => join(mountpoint, host.cgroupRoot, 'keeper'))

await t.test('is made again when it is taken away before it is entered', async (t) => {
  let over = false
  let removed = 0
  const tidy = async (): Promise<void> => {
    while (!over) {
      for (const path of own) {
        try {
          rmdirSync(path)
          removed++
        } catch {
          // Not there, or not empty.
        }
      }
      await new Promise(setImmediate)
    }
  }
  const tidying = tidy()
  try {
    for (let round = 0; round < 10; round++) {
      const keeper = await host.connect()
      const { pid } = keeper
      for (const path of own) t.ok(existsSync(path), path)
      await keeper.shutdown()
      await keeper.close()
      await until(() => titleOf(pid) === null)
    }
  } finally {
    over = true
    await tidying
  }
  t.comment(`${removed} were taken away`)
  t.ok(removed >= own.length, 'those of keepers that had ended, too')
})
