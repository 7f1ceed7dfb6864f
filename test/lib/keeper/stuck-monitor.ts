// A monitor that does not see how its init ends, here because it is stopped: it is ended, and how init has
// ended is known all the same. And one whose init cannot be found, for want of descriptors: it runs on, and
// who has started it hears so when it is found.
import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KeeperEvent } from '../../../dist/keeper/types.js'
import { event, execPlan, KeeperHost, until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()

type StateEvent = Extract<KeeperEvent, { type: 'state' }>
const isRunning = (e: KeeperEvent): e is StateEvent => e.type === 'state' && e.state === 'running'

await t.test('a reboot is one', async (t) => {
  const { initPid, monitorPid } = await keeper.start(host.plan('boots'))
  const events = keeper.events()
  process.kill(monitorPid, 'SIGSTOP')
  const session = await keeper.exec(execPlan('boots', ['reboot', '-f']))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  t.match(await event(events, (e) => e.type === 'exit'), { id: 'boots', reason: 'reboot' })
  await until(async () => (await keeper.containers())[0]?.state === 'running')
  const [again] = await keeper.containers()
  t.not(again?.initPid, initPid)
  const exits = keeper.events()
  process.kill(again?.initPid ?? 0, 'SIGKILL')
  t.match(await event(exits, (e) => e.type === 'exit'), { reason: 'signal', signal: 'SIGKILL' })
})

await t.test('an init that cannot be found runs on', async (t) => {
  // By then the keeper has all that a start needs, and init is not to be found yet.
  const hooked = join(host.dir, 'hooked')
  mkdirSync(hooked)
  chmodSync(hooked, 0o777)
  const plan = host.plan('hidden', {
    config: [
      `lxc.hook.pre-mount = /bin/busybox sh -c "echo > ${hooked}/now; until [ -e ${hooked}/go ]; do sleep 0.1; done"`,
    ],
  })
  const starting = keeper.start({ ...plan, timeoutMs: upTo(30_000) })
  let answered = false
  const note = () => {
    answered = true
  }
  starting.then(note, note)
  await until(() => existsSync(join(hooked, 'now')))
  const used = new Set(readdirSync(`/proc/${keeper.pid}/fd`).map(Number))
  let free = 0
  while (used.has(free)) free++
  const limit = (soft: number) =>
    execFileSync('prlimit', ['--pid', String(keeper.pid), `--nofile=${soft}:`])
  const events = keeper.events()
  limit(free)
  writeFileSync(join(hooked, 'go'), '')
  await event(events, isRunning)
  await sleep(6000)
  t.notOk(answered, 'its start is not answered yet')
  t.match((await keeper.containers())[0], { id: 'hidden', state: 'running' })
  const later = keeper.events()
  limit(1024)
  const { initPid } = await starting
  t.match(await event(later, isRunning), { initPid })
  const [known] = await keeper.containers()
  t.match(known, { id: 'hidden', state: 'running', initPid })
  const session = await keeper.exec(execPlan('hidden', ['true']))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  const exits = keeper.events()
  process.kill(known?.initPid ?? 0, 'SIGKILL')
  t.match(await event(exits, (e) => e.type === 'exit'), { id: 'hidden', signal: 'SIGKILL' })
})
