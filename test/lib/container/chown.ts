// A stopped container gets another user, and with it other ids, or another group; its files stay what they are.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, first, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const make = (id: string, more: object = {}) =>
  host.containers.create({ id, image: busybox, ...more })
/** The id of the host that its init runs with. */
const initUid = (id: string): number =>
  statSync(`/proc/${host.containers.get(id).show().initPid}`).uid
const block = (name: string): number => host.users.get(name).uidMap[0]?.hostId ?? 0
const ownFile = (id: string) =>
  readFileSync(join(host.pools.get('tank').show().path, 'conf/ct', `${id}.yml`), 'utf8')

await t.test('another user: other ids, the same files', async (t) => {
  await host.users.create({ name: 'shared' })
  const ct = await make('one')
  await ct.start()
  t.equal(initUid('one'), block('one'))
  await ct.exec(['sh', '-c', 'echo kept > /root/note; chown 5:6 /root/note; chmod 4755 /root/note'])
  await t.rejects(ct.chown('shared'), { code: 'ERR_STATE', state: 'running' })
  await ct.kill()
  const events = host.events()
  const changed = first(events, ({ type }) => type === 'changed')
  await ct.chown('shared')
  t.match(await changed, { id: 'one', settings: ['user'] })
  t.equal(ct.user.name, 'shared')
  t.match(ct.show(), { user: 'shared', group: '/default' })
  t.match(ownFile('one'), /^user: shared$/m)
  t.equal(host.users.find('one'), null, 'the one that was made for it is gone')
  t.same(host.users.get('shared').show().containers, ['one'])
  t.same((await host.audit()).leftovers, [])
  t.same(await host.healthcheck(), [])
  await ct.start()
  t.equal(initUid('one'), block('shared'))
  const { stdout } = await ct.exec(['sh', '-c', 'stat -c "%u %g %a" /root/note; cat /root/note'])
  t.equal(stdout, '5 6 4755\nkept\n')
  await ct.kill()
  await t.rejects(host.users.get('shared').delete(), { code: 'ERR_IN_USE' })
})

await t.test(
  'the user stays with others that have it, and one that stands alone stays',
  async (t) => {
    const ct = await make('two', { user: 'shared' })
    await host.users.create({ name: 'other' })
    await ct.chown('other')
    t.same(host.users.get('shared').show().containers, ['one'])
    await ct.chown('shared')
    t.same(host.users.get('other').show().containers, [])
    await ct.chown('shared')
    t.equal(ct.user.name, 'shared', 'that it has already')
    await ct.delete()
  },
)

await t.test('another group: its limits, and its place among the cgroups', async (t) => {
  await host.groups.create({ path: '/small', memoryLimit: '96 MiB' })
  const ct = await make('three')
  await ct.start()
  const before = ct.show().cgroup
  await t.rejects(ct.chgrp('/small'), { code: 'ERR_STATE' })
  await ct.kill()
  await ct.chgrp('/small')
  t.equal(ct.group.path, '/small')
  t.match(ownFile('three'), /^group: \/small$/m)
  t.same((await host.audit()).leftovers, [], 'nothing is left where it was')
  await ct.start()
  const now = ct.show().cgroup
  t.not(now, before)
  t.match(now, /group\.small/)
  t.match(
    readFileSync(`/proc/${ct.show().initPid}/cgroup`, 'utf8'),
    /group\.small\/user\.three\/ct\.three/,
  )
  await ct.kill()
  await t.rejects(host.groups.get('/small').delete(), { code: 'ERR_IN_USE' })
  await ct.chgrp('/default')
  await host.groups.get('/small').delete()
})

await t.test('what a run has left is not left behind', async (t) => {
  const ct = host.containers.get('three')
  await using cgroups = Cgroups.mounted()
  const inner = cgroups.dir(`${ct.show().cgroup}/user-owned`)
  await inner.create()
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  await inner.join(child.pid ?? 0)
  const held = { code: 'ERR_IN_USE', users: [`process ${child.pid}`] }
  await t.rejects(ct.chown('shared'), held)
  await t.rejects(ct.chgrp('/'), held)
  t.match(ct.show(), { user: 'three', group: '/default' })
  await ct.recoverCleanup({ force: true })
  await ended
  await ct.chgrp('/')
  await ct.chgrp('/default')
  t.same((await host.audit()).leftovers, [])
})

await t.test('what is not there, or held by others, is refused', async (t) => {
  const ct = host.containers.get('three')
  await t.rejects(ct.chown('nobody'), { code: 'ERR_NOT_FOUND', kind: 'user' })
  await t.rejects(ct.chgrp('/none'), { code: 'ERR_NOT_FOUND', kind: 'group' })
  await t.rejects(ct.chown('../x'), { code: 'ERR_INVALID_ARGUMENT', argument: 'chown.user' })
  await t.rejects(ct.chgrp('small'), { code: 'ERR_INVALID_ARGUMENT', argument: 'chgrp.group' })
  await t.rejects(ct.chown('shared', { signal: AbortSignal.abort() }), { name: 'AbortError' })
  const removed = host.users.get('other').delete()
  await t.rejects(ct.chown('other'), { code: /^ERR_(BUSY|NOT_FOUND)$/ })
  await removed
  await t.rejects(ct.chown('other'), { code: 'ERR_NOT_FOUND' })
  t.match(ct.show(), { user: 'three', group: '/default' })
  t.same(host.locks(), [])
  await ct.delete()
  t.notOk(existsSync(join(host.pools.get('tank').show().path, 'conf/user/three.yml')))
})
