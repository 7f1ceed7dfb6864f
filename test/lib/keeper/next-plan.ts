// A start that has a next one in its plan is the only one of its kind: a reboot from inside begins with the
// other, whoever is there to see it, and whichever program the keeper is then.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { heeds } from '../../../dist/ns/heeds.js'
import { event, KeeperHost, until } from '../../helpers/keeper-host.js'
import { useNextKeeper } from '../../helpers/next-keeper.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()

/** A plan whose next one has another root, and another configuration. */
function planOnce(id: string) {
  const next = host.plan(id)
  const config = join(host.stateDir, 'lxc', id, 'once')
  cpSync(join(host.stateDir, 'lxc', id, 'config'), join(config, 'config'))
  writeFileSync(join(config, 'config'), 'lxc.environment = ONCE=yes\n', { flag: 'a' })
  const other = host.plan(`${id}-root`).rootfs.upper
  return { ...next, config, rootfs: { ...next.rootfs, upper: other }, next }
}

/** Of the container that there is. */
async function environment(): Promise<string> {
  const [known] = await keeper.containers()
  return readFileSync(`/proc/${known?.initPid}/environ`, 'utf8')
}

/** As busybox understands it, when it has come to hear of it. */
async function orderReboot(initPid: number): Promise<void> {
  await until(async () => (await heeds(initPid, constants.signals.SIGTERM)) === true)
  process.kill(initPid, 'SIGTERM')
}

await t.test('until it reboots', async (t) => {
  const plan = planOnce('web')
  const { initPid } = await keeper.start(plan)
  t.match(await keeper.containers(), [{ id: 'web', once: true }])
  t.match(await environment(), /ONCE=yes/)
  await keeper.planNext({ ...plan, next: { ...plan.next, timeoutMs: upTo(30_000) } })
  useNextKeeper(t)
  await keeper.renew()
  t.match(await keeper.containers(), [{ id: 'web', once: true }], 'also after a renewal')

  const events = keeper.events()
  await orderReboot(initPid)
  t.match(await event(events, (e) => e.type === 'exit'), { reason: 'reboot' })
  await events.return()
  await until(async () => (await keeper.containers())[0]?.state === 'running')
  t.match(await keeper.containers(), [{ id: 'web', once: false }])
  t.notMatch(await environment(), /ONCE/)
  await t.rejects(keeper.planNext(plan), { code: 'EINVAL' }, 'that was it')
  await keeper.planNext(plan.next)
})

await t.test('what is no next plan of it is refused', async (t) => {
  const plan = planOnce('wrong')
  const { next } = plan
  for (const wrong of [
    { ...next, id: 'web' },
    { ...next, cgroup: `${next.cgroup}-2` },
    { ...next, rootfs: { ...next.rootfs, target: `${next.rootfs.target}-2` } },
    { ...next, next },
  ]) {
    await t.rejects(keeper.start({ ...plan, next: wrong }), { code: 'EINVAL', path: 'next' })
  }
  const missing = { ...plan, config: join(host.dir, 'nowhere') }
  await t.rejects(keeper.start(missing), { code: 'EINVAL', step: 'config', path: /nowhere/ })
  await until(async () => (await keeper.containers()).every(({ id }) => id !== 'wrong'))
})

await t.test('the next init may be one that says nothing, or says that it is up', async (t) => {
  const plan = host.plan('kinds')
  const { initPid } = await keeper.start(plan)
  const socket = plan.notifySocket ?? ''
  t.ok(existsSync(socket))
  await keeper.planNext({ ...plan, notifySocket: null })
  t.ok(existsSync(socket), 'that of this run')
  process.kill(keeper.pid, 'SIGKILL')
  await until(() => !keeper.open)
  await using other = await host.connect()
  const runs = async () => (await other.containers()).find(({ id }) => id === 'kinds')
  const reboot = async (pid: number) => {
    await orderReboot(pid)
    await until(async () => {
      const now = await runs()
      return now?.state === 'running' && now.initPid !== pid
    })
    return (await runs())?.initPid ?? 0
  }
  const next = await reboot(initPid)
  t.notOk(existsSync(socket))
  await other.planNext(plan)
  await reboot(next)
  t.ok(existsSync(socket))
})
