// A container that lasts for one run: deleted when it stops, whoever sees that; and never otherwise.
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host, type Container, type ContainerSettings } from 'vpsadminos'
import { arm } from '../../../dist/step.js'
import { endOf, moduleOf } from '../../helpers/child.js'
import { busybox, importBusybox } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { known } from '../../helpers/keeper-state.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
let host = await Host.open({ ...options, pools: [] })
await host.pools.install(options.pools[0])
await importBusybox(t, host)
t.teardown(() => host.close())
const root = host.pools.get('tank').show().path
const file = (id: string) => join(root, `conf/ct/${id}.yml`)

function create(id: string, more: ContainerSettings = {}): Promise<Container> {
  return host.containers.create({ id, image: busybox, ephemeral: true, ...more })
}
async function started(id: string, more: ContainerSettings = {}): Promise<Container> {
  const ct = await create(id, more)
  await ct.start()
  return ct
}
const isThere = (id: string) => host.containers.find(id) !== null
async function reopen(): Promise<void> {
  await host.close()
  host = await Host.open(options)
}
const initOf = (ct: Container) => ct.show().initPid ?? 0
const runs = (pid: number) => existsSync(`/proc/${pid}`)
const gone = async (id: string) => {
  await until(() => !isThere(id))
  t.notOk(existsSync(file(id)), `${id} is gone from the pool`)
}

await t.test('told to stop, killed, or ended from inside', async (t) => {
  const events = host.events()
  const deleted: string[] = []
  const reading = (async () => {
    for await (const event of events) if (event.type === 'deleted') deleted.push(event.id)
  })()
  const one = await started('one')
  t.match(one.show(), { ephemeral: true })
  t.match(await one.stop(), { rung: String })
  t.equal(isThere('one'), false, 'once stop() resolves')
  await t.rejects(one.start(), { code: 'ERR_NOT_FOUND' })
  await (await started('two')).kill()
  t.equal(isThere('two'), false)
  const three = await started('three', { initCmd: ['/bin/sleep', '1000'] })
  process.kill(initOf(three), 'SIGKILL')
  await gone('three')
  await until(() => deleted.length === 3)
  t.same(deleted, ['one', 'two', 'three'])
  await events.return?.()
  await reading
  t.same((await host.audit()).leftovers, [])
  // Who deletes it looks around once more after that was told.
  await until(() => host.locks().length === 0)
})

await t.test('what is no stop', async (t) => {
  const ct = await create('kept')
  await reopen()
  t.equal(isThere('kept'), true, 'it has not run yet')
  const kept = host.containers.get(ct.id)
  await kept.start()
  await kept.reboot()
  await kept.restart({ method: 'kill' })
  t.equal(kept.state, 'running', 'a reboot, a restart')
  await reopen()
  t.equal(host.containers.get('kept').state, 'running', 'nobody being there')
  await host.containers.get('kept').stop()
  t.equal(isThere('kept'), false)

  const bad = await create('bad', { initCmd: ['/no/such/init'] })
  await t.rejects(bad.start(), { code: 'ERR_CONTAINER_START' })
  t.notMatch(readFileSync(file('bad'), 'utf8'), /ephemeral_run/)
  await bad.unset('initCmd')
  await bad.start()
  await bad.set({ initCmd: ['/no/such/init'] })
  await t.rejects(bad.restart({ method: 'kill' }), { code: 'ERR_CONTAINER_START' })
  await sleep(200)
  t.equal(isThere('bad'), true, 'a restart that fails')
  await reopen()
  t.equal(isThere('bad'), true, 'also for the next process')
  await host.containers.get('bad').delete()
})

await t.test('a restart, or a copy, that is cut off while it is stopped', async (t) => {
  const one = await started('one')
  for (const [work, step] of [
    ["get('one').restart()", 'stop.ended'],
    ["copy('one', 'copy')", 'copy.rest'],
  ]) {
    const { initPid } = host.containers.get(one.id).show()
    await host.close()
    const end = await endOf(`
      import { Host } from ${moduleOf('index.js')}
      import { arm } from ${moduleOf('step.js')}
      const host = await Host.open(${JSON.stringify(options)})
      arm({ how: 'kill', step: '${step}' })
      await host.containers.${work}
    `)
    t.equal(end, 'SIGKILL')
    host = await Host.open(options)
    t.match(host.containers.find('one')?.state, 'running', `${work}: it goes on`)
    t.not(host.containers.get('one').show().initPid, initPid)
  }
  const note = join(options.stateDir, 'pools/tank/rest.one')
  t.equal(existsSync(note), false)
  writeFileSync(note, '')
  await host.containers.get('one').kill()
  t.equal(existsSync(note), false, 'of one that is deleted nothing is left to go on')
  t.same((await host.audit()).leftovers, [])
})

await t.test('nobody being there', async (t) => {
  const one = await started('one', { initCmd: ['/bin/sleep', '1000'] })
  const pid = initOf(one)
  await host.close()
  process.kill(pid, 'SIGKILL')
  await until(() => !runs(pid))
  host = await Host.open({ ...options, pools: [] })
  await until(async () => (await known(options)).length === 0)
  await host.close()
  host = await Host.open(options)
  t.equal(isThere('one'), false)
  t.equal(existsSync(file('one')), false)
  t.equal(host.users.find('one'), null, 'with its user')
  t.same((await host.audit()).leftovers, [])
  t.same(host.locks(), [])
})

await t.test('its run ends while its pool is being imported', async (t) => {
  await create('zz')
  const pid = initOf(await started('aa', { initCmd: ['/bin/sleep', '1000'] }))
  await host.close()
  const text = readFileSync(file('zz'), 'utf8')
  chmodSync(file('zz'), 0o600)
  const mark = 'ephemeral_run: 00000000-0000-0000-0000-000000000000'
  writeFileSync(file('zz'), text.replace(/^vpsadminos:$/m, `vpsadminos:\n  ${mark}`))
  chmodSync(file('zz'), 0o400)
  host = await Host.open({ ...options, pools: [] })
  // Of one that has run this is read, which takes until somebody has written it.
  const note = join(options.stateDir, 'pools/tank/rest.zz')
  execFileSync('mkfifo', [note])
  const imported = host.pools.import(options.pools[0])
  const state = () => host.containers.find('aa')?.state
  await until(() => state() === 'running')
  process.kill(pid, 'SIGKILL')
  await until(() => state() === 'stopped')
  await writeFile(note, '')
  await imported
  t.equal(isThere('aa'), false)
  t.equal(isThere('zz'), false)
  t.same((await host.audit()).leftovers, [])
})

await t.test('as after a loss of power', async (t) => {
  const one = await started('one')
  await one.set({ ephemeral: false })
  await one.kill()
  await host.close()
  const text = readFileSync(file('one'), 'utf8').replace('ephemeral: false', 'ephemeral: true')
  const write = (more: string) => {
    chmodSync(file('one'), 0o600)
    writeFileSync(file('one'), text.replace(/^vpsadminos:$/m, `vpsadminos:\n  ${more}`))
    chmodSync(file('one'), 0o400)
  }
  write('clone_mode_was: x')
  host = await Host.open(options)
  t.equal(isThere('one'), true, 'without the mark it has not run')
  await host.close()
  write('ephemeral_run: 00000000-0000-0000-0000-000000000000')
  host = await Host.open(options)
  t.equal(isThere('one'), false)
})

await t.test('set and unset while it runs', async (t) => {
  const one = await host.containers.create({ id: 'one', image: busybox })
  await one.start()
  t.match(await one.set({ ephemeral: true }), { applied: ['ephemeral'], pending: [] })
  t.match(readFileSync(file('one'), 'utf8'), /^ephemeral: true$[^]*ephemeral_run: /m)
  t.same(host.containers.list({ ephemeral: true }, ['id']), [{ id: 'one' }])
  t.same(host.containers.list({ ephemeral: false }, ['id']), [])
  await one.unset('ephemeral')
  t.notMatch(readFileSync(file('one'), 'utf8'), /ephemeral_run/)
  await one.kill()
  t.equal(isThere('one'), true)
  await one.set({ ephemeral: true })
  await reopen()
  t.equal(isThere('one'), true, 'not with a run that was before')
  await host.containers.get('one').start()
  const copy = await host.containers.copy('one', 'two', { consistent: false })
  t.equal(copy.show().ephemeral, true)
  await reopen()
  t.equal(isThere('two'), true, 'the copy has not run')
  await host.containers.get('two').delete()
  await host.containers.get('one').stop()
  t.equal(isThere('one'), false)
})

await t.test('a deletion that fails is told, and done by the next process', async (t) => {
  const warnings: string[] = []
  const note = (warning: Error) => warnings.push(warning.message)
  process.on('warning', note)
  for (const step of ['delete.marked', 'delete.rootfs', 'delete.file'] as const) {
    const one = await started('one')
    arm({ how: 'fail', step })
    await t.rejects(one.stop(), { code: 'ERR_FAULT', step })
    await until(() => warnings.length > 0)
    t.match(warnings.splice(0), [/container tank:one could not be deleted after its run: .*step/])
    t.same(host.locks(), [])
    await reopen()
    t.equal(isThere('one'), false, step)
    t.same((await host.audit()).leftovers, [])
  }
  process.off('warning', note)
})

await t.test('several at once, and with their pool', async (t) => {
  const ids = ['a', 'b', 'c', 'd', 'e']
  await Promise.all(ids.map((id) => started(id)))
  await host.containers.create({ id: 'stays', image: busybox })
  await host.containers.get('stays').start()
  const { failed, stopped } = await host.pools.get('tank').autostart.stop({ method: 'kill' })
  t.same(failed, [])
  t.equal(stopped.length, 6)
  t.same(
    host.containers.list().map(({ id }) => id),
    ['stays'],
  )
  const last = await started('last')
  const pid = initOf(last)
  process.kill(pid, 'SIGKILL')
  // Perhaps it comes to its end before the export, perhaps the next import has to.
  await until(() => ['stopped', undefined].includes(host.containers.find('last')?.state))
  await host.pools.export('tank', { wait: Infinity })
  await host.pools.import(options.pools[0])
  t.equal(isThere('last'), false)
  t.same((await host.audit()).leftovers, [])
})
