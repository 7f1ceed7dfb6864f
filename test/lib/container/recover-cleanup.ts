// What a run has left in the kernel is removed of one container that is stopped, and of no other.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const cgroups = Cgroups.mounted()
t.teardown(() => cgroups.close())
const ct = await host.containers.create({ id: 'one', image: busybox })
const other = await host.containers.create({ id: 'one-1', image: busybox })
const { cgroup } = ct.show()
const types = (all: readonly { type: string }[]) => [...new Set(all.map(({ type }) => type))].sort()

await t.test('one that has left nothing', async (t) => {
  t.same(await ct.recoverCleanup(), { removed: [], left: [] })
})

await t.test('one that runs', async (t) => {
  await ct.start()
  await t.rejects(ct.recoverCleanup({ force: true }), { code: 'ERR_STATE' })
  t.equal((await ct.exec(['true'])).exitCode, 0)
  // As if an event had been missed: the keeper knows better.
  ct.record.run.lost()
  await t.rejects(ct.recoverCleanup({ force: true }), { code: 'ERR_STATE' })
  t.equal((await ct.exec(['true'])).exitCode, 0)
  await ct.kill()
})

await t.test('cgroups, also with processes in them', async (t) => {
  await other.start()
  await cgroups.dir(`${cgroup}/user-owned`).create()
  await cgroups.dir(`${cgroup}-2`).create()
  t.same(await ct.recoverCleanup({ cgroups: false }), { removed: [], left: [] })
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await cgroups.dir(`${cgroup}/user-owned`).join(child.pid ?? 0)
  const held = { code: 'ERR_IN_USE', users: [`process ${child.pid}`] }
  await t.rejects(ct.recoverCleanup(), held)
  t.equal(child.exitCode, null)
  const { removed, left } = await ct.recoverCleanup({ force: true })
  t.same(types(removed), ['cgroup'])
  t.same(left, [])
  t.same(await ended, [null, 'SIGKILL'])
  t.equal((await other.exec(['true'])).exitCode, 0, 'one whose name only looks like it goes on')
  await other.kill()
  t.same((await host.audit()).leftovers, [])
})

await t.test('its network interface, and none of another kind', async (t) => {
  const { interfaceName } = ct.record
  try {
    execFileSync('ip', ['link', 'add', interfaceName, 'type', 'veth', 'peer', 'name', 'vtpeer0'])
  } catch (error) {
    return void t.pass('told', { skip: `ip cannot make one: ${String(error)}` })
  }
  t.match((await host.audit()).leftovers, [{ type: 'interface', what: interfaceName }])
  t.same(await ct.recoverCleanup({ networkInterfaces: false }), { removed: [], left: [] })
  t.same(await ct.recoverCleanup(), {
    removed: [{ type: 'interface', what: interfaceName }],
    left: [],
  })
  t.notOk(existsSync('/sys/class/net/vtpeer0'))
  t.same((await host.audit()).leftovers, [])
})

await t.test('what is wrong', async (t) => {
  const wrong = { code: 'ERR_INVALID_ARGUMENT' }
  await t.rejects(ct.recoverCleanup({ froce: true } as never), wrong)
  await t.rejects(ct.recoverCleanup({ force: 'yes' } as never), wrong)
  await t.rejects(ct.recoverCleanup({ signal: AbortSignal.abort(new Error('no')) }), /no/)
  t.same(host.locks(), [])
})
