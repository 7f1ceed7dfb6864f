// What a crash could have left is removed, and nothing that somebody may miss.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { hierarchies } from '../../helpers/hierarchies.js'
import { busybox, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { onZfs, plantOn } from '../../helpers/storage.js'
import { testDirectory } from '../../helpers/system.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const [hierarchy = ''] = hierarchies
const ct = await startedContainer(host, { id: 'runs' })
const user = dirname(ct.show().cgroup)

await t.test('nothing is left, and nothing is touched', async (t) => {
  t.same(await host.recover(), { removed: [], left: [], unseen: [] })
  t.equal((await ct.exec(['echo', 'here'])).stdout, 'here\n')
})

await t.test('cgroups, with what runs in them', async (t) => {
  const left = spawn('sleep', ['1000'])
  const ended = once(left, 'exit')
  const planted = ['ct.gone', 'ct.runs-1', 'lxc.monitor.gone-1'].map((name) => join(user, name))
  for (const path of planted) {
    for (const root of hierarchies) mkdirSync(join(root, path, 'below'), { recursive: true })
  }
  writeFileSync(join(hierarchy, planted[0] ?? '', 'cgroup.procs'), String(left.pid))
  const { removed, left: stays } = await host.recover()
  t.same(stays, [])
  t.match(await ended, [null, 'SIGKILL'])
  for (const path of planted) {
    for (const root of hierarchies) {
      t.ok(
        removed.some(({ what }) => what === join(root, path)),
        join(root, path),
      )
      t.notOk(existsSync(join(root, path)))
    }
  }
  t.equal(ct.state, 'running')
})

await t.test('what is nobody’s is named and left', async (t) => {
  const mine = spawn('sleep', ['1000'])
  t.teardown(() => mine.kill())
  const cgroup = join(hierarchy, user, 'somebody.else')
  const planted = plantOn(host.pools.get('tank').show(), 'nobody')
  mkdirSync(cgroup)
  writeFileSync(join(cgroup, 'cgroup.procs'), String(mine.pid))
  const { removed, left } = await host.recover()
  t.same(removed, [])
  t.same(left.map(({ what }) => what).sort(), [cgroup, planted.what].sort())
  t.ok(existsSync(cgroup))
  mine.kill()
  await once(mine, 'exit')
  t.match(await host.recover(), { removed: [{ what: cgroup }], left: [{ what: planted.what }] })
  planted.remove()
})

const kept = onZfs ? 'on ZFS what is deleted waits in the trash' : false
await t.test('a removal that was not finished', { skip: kept }, async (t) => {
  const path = join(host.pools.get('tank').show().path, 'trash/one.0123456789ab')
  mkdirSync(join(path, 'rootfs'), { recursive: true })
  t.match(await host.recover(), { removed: [{ what: path }], left: [] })
  t.notOk(existsSync(path))
})

await t.test('interfaces of containers that are stopped, and nobody else’s', async (t) => {
  const idle = await host.containers.create({ id: 'idle', image: busybox })
  const { interfaceName } = idle.record
  const theirs = `${interfaceName.slice(0, -2)}zz`
  const add = (name: string, peer: string) =>
    execFileSync('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', peer])
  try {
    add(interfaceName, 'vtrec0')
  } catch (error) {
    return void t.pass('told', { skip: `ip cannot make one: ${String(error)}` })
  }
  add(theirs, 'vtrec1')
  t.teardown(() => execFileSync('ip', ['link', 'del', theirs]))
  t.match(await host.recover(), { removed: [{ what: interfaceName }], left: [{ what: theirs }] })
  t.notOk(existsSync('/sys/class/net/vtrec0'))
  t.ok(existsSync('/sys/class/net/vtrec1'))
  execFileSync('ip', ['link', 'set', 'vtrec1', 'up'])
  await idle.delete()
})

await t.test('whoever imports a pool removes what its containers have left', async (t) => {
  const other = { name: 'other', path: join(testDirectory(t), 'other') }
  const pool = await host.pools.install(other)
  await host.users.create({ pool: 'other', name: 'web', standalone: true })
  const group = host.groups.get('other:/default').cgroup
  await host.pools.export(pool.name)
  const planted = join(group, 'user.web/ct.gone')
  for (const root of hierarchies) mkdirSync(join(root, planted, 'below'), { recursive: true })
  const left = spawn('sleep', ['1000'])
  const ended = once(left, 'exit')
  writeFileSync(join(hierarchy, planted, 'cgroup.procs'), String(left.pid))
  await host.pools.import(other)
  t.match(await ended, [null, 'SIGKILL'])
  for (const root of hierarchies) t.notOk(existsSync(join(root, planted)), root)
  await host.pools.export(pool.name)
})

await t.test('not beside an operation, unless it may wait', async (t) => {
  const stopping = ct.stop({ method: 'kill' })
  await t.rejects(host.recover(), { code: 'ERR_BUSY' })
  t.same(await host.recover({ wait: upTo(20_000) }), { removed: [], left: [], unseen: [] })
  await stopping
  await t.rejects(host.recover({ signal: AbortSignal.abort() }), { name: 'AbortError' })
})
