// A running container, seen through liblxc from Node: state, init, freeze, console.
import { closeSync, readFileSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { KeeperHost, until } from '../../helpers/keeper-host.js'
import { LxcContainer, listActiveLxc } from '../../../dist/lxc/index.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()
const plan = host.plan('web1')
const started = await keeper.start(plan)
await using ct = await LxcContainer.open('web1', plan.lxcPath)

await t.test('is active, running, and has the init that was started', async (t) => {
  t.strictSame(await listActiveLxc(plan.lxcPath), ['web1'])
  t.equal(await ct.state(), 'RUNNING')
  t.equal(await ct.initPid(), started.initPid)
  t.strictSame(await ct.runningConfig(['lxc.uts.name', 'lxc.no.such.key']), ['web1', null])

  const pidfd = await ct.initPidfd()
  t.match(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8'), `Pid:\t${started.initPid}\n`)
  closeSync(pidfd)
})

await t.test('what it runs with is not what is in memory', async (t) => {
  t.equal(await ct.getConfig('lxc.pty.max'), '64')
  await ct.setConfig([{ key: 'lxc.pty.max', value: '65' }])
  t.equal(await ct.getConfig('lxc.pty.max'), '65')
  t.strictSame(await ct.runningConfig(['lxc.pty.max']), ['64'], 'memory is not what runs')
})

await t.test('freezes and thaws, twice without complaint', async (t) => {
  await ct.freeze()
  t.equal(await ct.state(), 'FROZEN')
  await ct.freeze()
  await ct.unfreeze()
  t.equal(await ct.state(), 'RUNNING')
})

await t.test('its console is a terminal of ours', async (t) => {
  const console = await ct.console(0)
  t.equal(console.tty, 0)
  t.ok(isatty(console.ptx))
  writeSync(console.ptx, '\necho from-outside > /said\n')
  await until(() => readFileSync(plan.consoleLog, 'utf8').includes('from-outside'))
  closeSync(console.ptx)
  closeSync(console.allocation)
})

await t.test('is stopped when its init is gone', async (t) => {
  process.kill(started.initPid, 'SIGKILL')
  await until(async () => (await ct.state()) === 'STOPPED')
  t.equal(await ct.initPid(), null)
  t.strictSame(await listActiveLxc(plan.lxcPath), [])
  await until(async () => (await keeper.containers()).length === 0)
})
