// A console has one terminal, which liblxc gives to one alone: all who open it share that.
import { closeSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KeeperHost, until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()
await using other = await host.connect()
await keeper.start(host.plan('web'))
const printed = () => readFileSync(join(host.dir, 'web.console'), 'utf8')

await t.test('those who open it at once have it, all of them', async (t) => {
  const clients = [keeper, keeper, other, other]
  const terminals = await Promise.all(clients.map((client) => client.console('tank', 'web', 0)))
  for (const terminal of terminals) writeSync(terminal, '\n')
  await until(() => printed().includes('# '))
  for (const [i, terminal] of terminals.entries()) {
    writeSync(terminal, `echo typed $((${i} + 10))\n`)
    await until(() => printed().includes(`typed ${i + 10}`))
  }
  for (const terminal of terminals) closeSync(terminal)
  for (const client of clients) await client.closeConsole('tank', 'web', 0)
  t.match(await keeper.containers(), [{ id: 'web', state: 'running' }])
})

await t.test('a monitor that stands still for a while gives it all the same', async (t) => {
  const { monitorPid } = await keeper.start(host.plan('slow'))
  process.kill(monitorPid, 'SIGSTOP')
  const goOn = async () => {
    await sleep(5000)
    process.kill(monitorPid, 'SIGCONT')
  }
  const [terminal] = await Promise.all([keeper.console('tank', 'slow', 0), goOn()])
  closeSync(terminal)
  await keeper.closeConsole('tank', 'slow', 0)
  t.match(await keeper.containers(), [{ id: 'slow', state: 'running' }, { id: 'web' }])
})

await t.test('none is given of one that does not run', async (t) => {
  const missing = Array.from({ length: 2 }, () => keeper.console('tank', 'none', 0))
  for (const asked of await Promise.allSettled(missing)) {
    t.match(asked, { reason: { code: 'ERR_CONTAINER_NOT_RUNNING' } })
  }
})
