// Somebody who cleans up deletes all that the keeper has in its directory, while it runs: what runs goes on, the next
// containers start, and who opens the host next finds all of them, also with another keeper.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { busybox, importBusybox, startedContainer } from '../helpers/host.js'
import { until } from '../helpers/keeper-host.js'
import { titleOf } from '../helpers/processes.js'
import { requires } from '../helpers/requires.js'
import { lastingHost } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const directory = join(options.stateDir, 'keeper')

const deletions = {
  'what is in it': () => {
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true })
  },
  'all of it': () => removeAll(100),
}

/** Again where the keeper has made something anew before all was gone. */
function removeAll(tries: number): void {
  try {
    rmSync(directory, { recursive: true })
  } catch (error) {
    const again = (error as NodeJS.ErrnoException).code === 'ENOTEMPTY' && tries > 1
    if (!again) throw error
    removeAll(tries - 1)
  }
}

let host = await Host.open({ ...options, pools: [] })
t.teardown(() => host.close())
await host.pools.install(options.pools[0])
await importBusybox(t, host)
await startedContainer(host, { id: 'before' })
await host.containers.create({ id: 'next', image: busybox })

for (const [what, clean] of Object.entries(deletions)) {
  await t.test(what, async (t) => {
    const { initPid } = host.containers.show('before')
    const next = host.containers.get('next')
    await next.start()
    await next.kill()
    clean()
    await next.start()
    t.equal((await next.exec(['echo', 'here'])).stdout, 'here\n')
    const { initPid: second } = next.show()
    const keeper = await host.keeperPid()
    await host.close()

    host = await Host.open(options)
    t.equal(await host.keeperPid(), keeper, 'the same one')
    t.match(host.containers.show('before'), { state: 'running', initPid })
    t.match(host.containers.show('next'), { state: 'running', initPid: second })
    await host.close()

    process.kill(keeper, 'SIGKILL')
    await until(() => titleOf(keeper) === null)
    host = await Host.open(options)
    t.match(host.containers.show('before'), { state: 'running', initPid }, 'adopted')
    t.match(host.containers.show('next'), { state: 'running', initPid: second }, 'adopted')
    t.match(await host.containers.get('next').stop(), { rung: /shutdown|kill/ })
    t.same((await host.audit()).leftovers, [])
  })
}
