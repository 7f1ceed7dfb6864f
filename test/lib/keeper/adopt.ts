// The keeper is killed; its containers are not, and the next keeper has them.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Keeper } from '../../../dist/keeper/keeper.js'
import { drain } from '../../helpers/drain.js'
import { event, execPlan, KeeperHost, until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)

const plan = host.plan('kept')
let initPid = 0

await t.test('dies', async (t) => {
  const first = await host.connect()
  const started = await first.start(plan)
  initPid = started.initPid
  const say =
    'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", sys.argv[1])'
  execFileSync('python3', ['-c', say, plan.notifySocket ?? ''])
  await until(async () => (await first.containers()).every(({ ready }) => ready))
  const lost = new Promise<void>((resolve) => (first.onLost = resolve))
  process.kill(first.pid, 'SIGKILL')
  await lost
  await t.rejects(first.containers(), { code: 'ERR_KEEPER_LOST' })
})

let second: Keeper

await t.test('the next one knows what runs', async (t) => {
  second = await host.connect()
  t.match(await second.containers(), [{ id: 'kept', state: 'running', initPid, ready: true }])
})

await t.test('enters it, as confined as before', async (t) => {
  const session = await second.exec(execPlan('kept', ['cat', '/proc/self/status']))
  closeSync(session.pidfd)
  const [text] = await Promise.all([drain(session.stdout), drain(session.stderr)])
  t.match(text, /^Seccomp:\t2$/m)
})

await t.test('its socket stays, whoever deletes it', async (t) => {
  const path = join(host.stateDir, 'keeper/socket')
  for (const take of [() => unlinkSync(path), () => renameSync(path, `${path}.gone`)]) {
    take()
    await until(() => existsSync(path))
    await using other = await host.connect()
    t.equal(other.pid, second.pid)
    t.match(await other.containers(), [{ id: 'kept' }])
  }
  rmSync(`${path}.gone`)
  t.ok(second.open, 'and who is connected stays so')
})

await t.test('while somebody else listens to what liblxc says', async (t) => {
  const path = join('/run/lxc', plan.lxcPath, 'monitor-fifo')
  process.kill(second.pid, 'SIGKILL')
  await until(() => !second.open)
  await second.close()
  const lock = `
import fcntl, sys
file = open(sys.argv[1], 'r+b', buffering=0)
fcntl.lockf(file, fcntl.LOCK_EX)
print('locked', flush=True)
sys.stdin.read()`
  const other = spawn('python3', ['-c', lock, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(other.stdout, 'data')
  second = await host.connect()
  t.match(await second.containers(), [{ id: 'kept', state: 'running', initPid }])
  other.stdin.end()
  await once(other, 'exit')
  const isHeard = () =>
    spawnSync('python3', ['-c', lock.replace('EX)', 'EX | fcntl.LOCK_NB)'), path], { input: '' })
      .status !== 0
  await until(isHeard)
})

await t.test('starts another beside it', async () => {
  await second.start(host.plan('new'))
})

await t.test('brings a reboot to its end', async (t) => {
  const events = second.events()
  const session = await second.exec(execPlan('kept', ['reboot', '-f']))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  t.match(await event(events, (e) => e.type === 'exit'), { id: 'kept', reason: 'reboot' })
  await until(async () => (await second.lookup('tank', 'kept'))?.state === 'running')
  const known = await second.lookup('tank', 'kept')
  if (known?.pidfd != null) closeSync(known.pidfd)
  t.not(known?.initPid, initPid)
  t.match(await second.containers(), [{ id: 'kept', ready: false }, { id: 'new' }])
})

await t.test('is told of an end that nobody saw', async (t) => {
  const known = await second.lookup('tank', 'kept')
  if (known?.pidfd != null) closeSync(known.pidfd)
  process.kill(second.pid, 'SIGKILL')
  process.kill(known?.initPid ?? 0, 'SIGKILL')
  await until(() => !second.open)
  await second.close()
  await using third = await host.connect()
  const events = third.events({ epoch: second.epoch, seq: 0 })
  t.match((await events.next()).value, { type: 'gap' }, 'what happened meanwhile is not known')
  await until(async () => (await third.lookup('tank', 'kept')) === null)
  t.notMatch(host.cgroupsLeft(), [/kept/])
  t.match(await third.containers(), [{ id: 'new' }])
})
