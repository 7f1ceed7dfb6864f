// A monitor that does not see how its init ends, here because it is stopped: it is ended, and how init has
// ended is known all the same. And one whose init cannot be found, for want of descriptors: it runs on.
import { execFileSync } from 'node:child_process'
import { closeSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { event, execPlan, KeeperHost, until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()

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
  const plan = host.plan('hidden', {
    config: ['lxc.hook.pre-mount = /bin/busybox sh -c "sleep 1"'],
  })
  const events = keeper.events()
  const starting = keeper.start({ ...plan, timeoutMs: upTo(30_000) }).catch(() => null)
  await event(events, (e) => e.type === 'state')
  const used = new Set(readdirSync(`/proc/${keeper.pid}/fd`).map(Number))
  let free = 0
  while (used.has(free)) free++
  const limit = (soft: number) =>
    execFileSync('prlimit', ['--pid', String(keeper.pid), `--nofile=${soft}:`])
  limit(free)
  await starting
  limit(1024)
  await sleep(6000)
  const [known] = await keeper.containers()
  t.match(known, { id: 'hidden', state: 'running' })
  const session = await keeper.exec(execPlan('hidden', ['true']))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  const exits = keeper.events()
  process.kill(known?.initPid ?? 0, 'SIGKILL')
  t.match(await event(exits, (e) => e.type === 'exit'), { id: 'hidden', signal: 'SIGKILL' })
})
