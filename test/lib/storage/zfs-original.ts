// A pool of vpsAdminOS is taken into use as it is, and given back as it was.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { temporaryHost } from '../../helpers/host.js'
import {
  fillAsOriginal,
  limitsListed,
  limitsMapped,
  originalFiles,
} from '../../helpers/original-pool.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const name = testPool(t)
const root = mkdtempSync(join(tmpdir(), 'original-'))
t.teardown(() => {
  zfs('unmount', '-f', name)
  rmSync(root, { recursive: true })
})
zfs('set', `mountpoint=${root}`, name)
zfs('mount', name)
fillAsOriginal(name, root)
const textOf = () =>
  Object.fromEntries(
    originalFiles(name).map((file) => [file, readFileSync(join(root, 'conf', file), 'utf8')]),
  )
const before = textOf()

const host = await temporaryHost(t)
const options = { name, driver: 'zfs' } as const

await t.test('all of it appears', async (t) => {
  const pool = await host.pools.import(options)
  t.match(pool.show(), { driver: 'zfs', path: root, dataset: name, broken: [] })
  t.match(pool.show(), { users: 2, groups: 6, containers: 4 })
  t.match(host.users.get(`${name}:alice`).show(), {
    uidMap: ['0:1196608:65536'],
    standalone: true,
    containers: ['101', '102'],
  })
  t.match(host.idRanges.get(`${name}:default`).show(), { allocated: 3 })
  t.match(host.groups.get(`${name}:/customers/gold`).show(), { memoryLimit: 2 ** 30 })
  t.match(host.containers.show(`${name}:101`), {
    user: 'alice',
    group: '/customers/gold',
    hostname: 'web.example.org',
    dnsResolvers: ['192.0.2.53'],
    autostart: { priority: 10, delay: 5 },
    dataset: `${name}/ct/101`,
    cpuLimit: 150,
    prlimits: { nofile: { soft: 1024, hard: 4096 }, memlock: { soft: 'unlimited' } },
    state: 'stopped',
  })
  t.match(host.containers.show(`${name}:102`), { version: '12', nesting: true })
})

await t.test('one starts, with its init found out', async (t) => {
  const ct = host.containers.get(`${name}:101`)
  await ct.start()
  t.equal(ct.show().init, 'busybox')
  t.match(await ct.exec(['hostname']), { stdout: 'web\n' })
  t.match(await ct.exec(['stat', '-c', '%u:%g', '/root']), { stdout: '33:34\n' })
  t.match(await ct.exec(['cat', '/proc/self/uid_map']), { stdout: /^\s+0\s+1196608\s+65536\n$/ })
  await ct.stop()
  t.match(ct.show(), { state: 'stopped' })
})

await t.test('what cannot be had yet is refused by name', async (t) => {
  const ct = host.containers.get(`${name}:102`)
  await t.rejects(ct.start(), { code: 'ERR_UNSUPPORTED', message: /interface/ })
  t.match(ct.show(), { state: 'stopped' })
})

await t.test('given back as it was', async (t) => {
  await host.pools.export(name)
  t.same(textOf(), before)
  t.equal(zfs('get', '-Ho', 'value', 'org.vpsadminos.osctl:active', name), 'yes')
  await host.pools.import(options)
  t.match(host.containers.show(`${name}:101`), { state: 'stopped' })
  await host.pools.export(name)
  t.same(textOf(), before, 'a second time')
})

await t.test('what is older than its fields is changed where it is told to be', async (t) => {
  await host.pools.import(options)
  const ct = host.containers.get(`${name}:103`)
  await ct.set({ prlimits: { nofile: { soft: 2048, hard: 4096 } } })
  const { 'ct/103.yml': text = '', ...others } = before
  t.same(textOf(), { ...others, 'ct/103.yml': text.replace(limitsListed, limitsMapped) })
  await host.pools.export(name)
})
