// What everything is made of, and what healthcheck() says when somebody has been at it.
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Asset, Problem } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import { busybox, startedContainer, temporaryHost } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { onZfs } from '../../helpers/storage.js'
import { destroyTree, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const pool = host.pools.get('tank')
const { path: root } = pool.show()
await host.groups.create({ path: '/limited', memoryLimit: '64 MiB' })
const runs = await startedContainer(host, { id: 'runs', group: '/limited' })
const stays = await host.containers.create({ id: 'stays', image: busybox })
const at = (name: string): string => join(root, name)
const home = stays.show().dataset
/** What containers and pools have beside files, where these are on ZFS. */
const datasets = onZfs ? ['dataset'] : []

await t.test('all is well', async (t) => {
  t.same(await host.healthcheck(), [])
  t.same(await host.healthcheck({ entities: 'all' }), [])
  t.same(await host.healthcheck({ entities: ['tank'] }), [])
  const kinds = (assets: readonly Asset[]) => [...new Set(assets.map(({ type }) => type))].sort()
  t.same(kinds(await host.assets()), ['directory', 'file', 'process', 'socket'])
  t.same(kinds(await pool.assets()), [...datasets, 'directory', 'file'].sort())
  t.same(kinds(await runs.assets()), ['cgroup', ...datasets, 'directory', 'file', 'process'])
  t.same(kinds(await stays.assets()), [...datasets, 'directory', 'file'])
  t.same(kinds(await runs.group.assets()), ['cgroup', 'directory', 'file'])
  t.same(kinds(await runs.user.assets()), ['file'])
  t.match(await host.idRanges.get('default').assets(), [
    { type: 'file', path: at('conf/id-range/default.yml'), state: 'valid', errors: [], mend: null },
  ])
})

await t.test('an interface that comes with the next start is not missed', async (t) => {
  await runs.set({ netif: { type: 'bridge', link: 'none0' } })
  t.same(await host.healthcheck({ entities: 'all' }), [])
  await runs.set({ netif: null })
})

await t.test('somebody has been at it, and the commands mend it', async (t) => {
  // A zpool's own may be read by others; not be written by them.
  chmodSync(root, onZfs ? 0o777 : 0o755)
  chmodSync(at('conf/ct/runs.yml'), 0o644)
  chownSync(at('conf/user/stays.yml'), 1000, 1000)
  if (onZfs) zfs('set', 'canmount=on', home)
  else chmodSync(home, 0o711)
  chmodSync(at('conf/group/limited'), 0o700)
  const found = await host.healthcheck({ entities: 'all' })
  const wrong = `pool tank: : its mode is ${onZfs ? '0777, at most 0755' : '0755, at most 0700'}`
  const brief = ({ of, what, error }: Problem) => `${of}: ${what.replace(root, '')}: ${error}`
  t.same(found.map(brief).sort(), [
    'container tank:runs: /conf/ct/runs.yml: its mode is 0644, at most 0400',
    onZfs
      ? `container tank:stays: ${home}: its property canmount is on`
      : 'container tank:stays: /ct/stays: its mode is 0711, at most 0700',
    'group tank:/limited: /conf/group/limited: its mode is 0700, at most 0500',
    wrong,
    'user tank:stays: /conf/user/stays.yml: it belongs to 1000:1000',
  ])
  t.same((await host.healthcheck()).map(brief), [wrong])
  for (const { mend } of found) execFileSync('sh', ['-c', mend ?? 'false'])
  t.same(await host.healthcheck({ entities: 'all' }), [])
})

await t.test('what is gone, and what is something else', async (t) => {
  const log = at('log/ct/stays.console')
  unlinkSync(log)
  mkdirSync(log)
  if (onZfs) await destroyTree(home)
  else rmSync(home, { recursive: true })
  const cgroup = runs.show().cgroup
  for (const { mountpoint } of Cgroups.mounted().hierarchies.slice(0, 1)) {
    mkdirSync(join(mountpoint, cgroup.replace(/[^/]*$/, 'ct.nobody')))
  }
  const found = await host.healthcheck({ entities: 'all' })
  t.match(
    found.find(({ what }) => what === log),
    { of: 'container tank:stays', error: 'it is no file', mend: null },
  )
  t.match(
    found.find(({ what }) => what === home),
    { error: 'it does not exist' },
  )
  t.match(
    found.find(({ type }) => type === 'cgroup'),
    { of: 'host', error: /^left over: its container does not run/, mend: 'host.recover()' },
  )
  t.equal(found.length, 3)
  await host.recover()
  rmSync(log, { recursive: true })
  t.same(
    (await host.healthcheck({ entities: 'all' })).map(({ what }) => what),
    [home],
  )
  await stays.delete()
})

await t.test('what cannot be used is told, and who asks for what is not there', async (t) => {
  await host.users.create({ name: 'typo' })
  const file = at('conf/user/typo.yml')
  writeFileSync(at('conf/user/other.yml'), '{', { mode: 0o400 })
  t.same(await host.healthcheck(), [], 'it was not there when the pool was imported')
  unlinkSync(file)
  t.match(await host.healthcheck({ entities: 'all' }), [
    { of: 'user tank:typo', what: file, error: 'it does not exist' },
  ])
  await t.rejects(host.healthcheck({ entities: ['nobody'] }), { code: 'ERR_NOT_FOUND' })
  await t.rejects(host.healthcheck({ all: true } as never), { code: 'ERR_INVALID_ARGUMENT' })
  await runs.delete({ force: true })
  await t.rejects(runs.assets(), { code: 'ERR_NOT_FOUND' })
})
