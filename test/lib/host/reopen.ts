// Containers outlive the process that started them, and the keeper, too.
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host, type HostEvent } from 'vpsadminos'
import { Cgroups } from '../../../dist/cgroup/cgroups.js'
import type { Known } from '../../../dist/keeper/types.js'
import { busybox, first, importBusybox, text } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { known } from '../../helpers/keeper-state.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const dir = mkdtempSync(join(tmpdir(), 'reopen-'))
// A container's root goes through it to its rootfs.
chmodSync(dir, 0o711)
const cgroupRoot = `osctl-test-${process.pid}`
const options = {
  stateDir: join(dir, 'state'),
  cgroupRoot,
  interfacePrefix: 'vtest',
  pools: [{ name: 'tank', path: join(dir, 'tank') }],
}
let host = await Host.open(options)
t.teardown(async () => {
  for (const { id } of host.containers.list()) await host.containers.get(id).delete({ force: true })
  await host.pools.export('tank')
  const pid = await host.keeperPid()
  await host.close()
  process.kill(pid)
  await Cgroups.mounted()
    .dir(cgroupRoot)
    .remove({ timeoutMs: upTo(5000) })
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
})
await host.pools.install({ name: 'tank', path: join(dir, 'tank') })
await importBusybox(t, host)

await t.test('what runs goes on where a file of it cannot be read', async (t) => {
  await host.groups.create({ path: '/broken' })
  await host.users.create({ name: 'broken' })
  const where = { user: 'broken', group: '/broken' }
  const ct = await host.containers.create({ id: 'breaks', image: busybox, ...where })
  const { initPid } = await ct.start()
  for (const name of ['ct/breaks.yml', 'user/broken.yml', 'group/broken/config.yml']) {
    const file = join(dir, 'tank/conf', name)
    const content = await readFile(file, 'utf8')
    await host.close()
    await writeFile(file, `${content}  - no: [YAML`)
    host = await Host.open(options)
    t.equal(host.containers.find('breaks'), null, name)
    t.ok(process.kill(initPid, 0), `${name}: it runs`)
    t.same((await host.recover()).removed, [], `${name}: and is nobody's to remove`)
    await host.close()
    await writeFile(file, content)
    host = await Host.open(options)
    t.match(host.containers.get('breaks').show(), { state: 'running', initPid }, name)
  }
  // As it is left when writing it is cut off.
  await writeFile(join(dir, 'tank/conf/group/broken/.config.yml.1.new'), '')
  await host.close()
  host = await Host.open(options)
  await host.containers.get('breaks').delete({ force: true })
  await host.users.get('broken').delete()
  await host.groups.get('/broken').delete()
  t.equal(existsSync(join(dir, 'tank/conf/group/broken')), false)
})

await t.test(
  'a file that cannot be read is not made anew, and its ids are still taken',
  async (t) => {
    const uidMap = ['0:4110000000:65536']
    await host.users.create({ name: 'typo', uidMap })
    await host.groups.create({ path: '/typo' })
    const range = { name: 'typo', startId: 4_200_000_000, blockSize: 65_536, blockCount: 2 }
    await host.idRanges.create(range)
    const files = ['user/typo.yml', 'group/typo/config.yml', 'id-range/typo.yml'].map((name) =>
      join(dir, 'tank/conf', name),
    )
    const contents = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    await host.close()
    await Promise.all(files.map((file) => writeFile(file, '{')))
    host = await Host.open(options)
    t.equal(host.pools.get('tank').show().broken.length, 3)
    const exists = { code: 'ERR_EXISTS', message: /typo.* is broken/ }
    await t.rejects(host.users.create({ name: 'typo' }), exists)
    await t.rejects(host.groups.create({ path: '/typo' }), exists)
    await t.rejects(host.idRanges.create(range), exists)
    await t.rejects(host.users.create({ name: 'other', uidMap }), {
      code: 'ERR_ID_OVERLAP',
      message: /user:typo/,
    })
    t.same(await Promise.all(files.map((file) => readFile(file, 'utf8'))), ['{', '{', '{'])
    await host.close()
    await Promise.all(files.map((file, index) => writeFile(file, contents[index] ?? '')))
    host = await Host.open(options)
    await host.users.get('typo').delete()
    await host.groups.get('/typo').delete()
    await host.idRanges.get('typo').delete()
    await (await host.users.create({ name: 'other', uidMap })).delete()
  },
)

await t.test('closed and opened again, everything is as it was', async (t) => {
  const ct = await host.containers.create({ id: 'one', image: busybox, memoryLimit: '64 MiB' })
  const { initPid } = await ct.start()
  await (await host.containers.create({ id: 'two', image: busybox })).start()
  await host.containers.get('two').freeze()
  const session = await ct.spawn(['sh', '-c', 'echo early; sleep 1; echo later; exit 6'])
  await session.detach()
  const keeper = await host.keeperPid()
  const shown = ct.show()
  await host.close()
  await sleep(200)

  host = await Host.open(options)
  t.equal(await host.keeperPid(), keeper)
  const again = host.containers.get('one')
  t.match(again.show(), { ...shown, state: 'running', initPid })
  t.equal(host.containers.get('two').state, 'frozen')
  await host.containers.get('two').thaw()
  t.match(await again.wait('ready'), { state: 'running' })
  t.equal((await again.exec(['echo', 'still here'])).stdout, 'still here\n')
  await using found = await again.session(session.id)
  t.equal(await text(found.stdout), 'early\nlater\n')
  t.match(await found.exit, { exitCode: 6 })
})

await t.test('what happened while nobody had it open is told', async (t) => {
  const ct = host.containers.get('one')
  const initPid = ct.show().initPid ?? 0
  await ct.set({ hostname: 'one.example.org' })
  const seen = first(host.events(), ({ type }) => type === 'session')
  await (
    await ct.spawn(['true'])
  ).exit
  const { epoch, seq } = await seen
  await host.close()
  process.kill(initPid, 'SIGKILL')
  await until(async () => (await known(options)).every(({ id }) => id !== 'one'))

  host = await Host.open(options)
  t.match(host.containers.show('one'), { state: 'stopped', initPid: null })
  const told = await first(host.events({ since: { epoch, seq } }), ({ type }) => type === 'exit')
  t.match(told, { id: 'one', reason: 'signal', signal: 'SIGKILL' })
  await host.containers.get('one').start()
})

await t.test('a container reboots while nobody has it open, with changed settings', async (t) => {
  const ct = host.containers.get('one')
  await ct.set({ rawLxc: 'lxc.environment = CHANGED=yes' })
  const before = ct.show().initPid
  const session = await ct.spawn(['sh', '-c', 'sleep 0.3; reboot'])
  await session.detach()
  await host.close()
  const rebooted = ({ id, state, initPid }: Known) =>
    id === 'one' && state === 'running' && ![null, before].includes(initPid)
  await until(async () => (await known(options)).some(rebooted))

  host = await Host.open(options)
  const again = host.containers.get('one')
  t.equal(again.state, 'running')
  t.not(again.show().initPid, before)
  const environment = await readFile(`/proc/${again.show().initPid}/environ`, 'utf8')
  t.ok(environment.split('\0').includes('CHANGED=yes'))
})

await t.test('a keeper that is killed is replaced, and containers do not notice', async (t) => {
  const ct = host.containers.get('one')
  const { initPid } = ct.show()
  const session = await ct.spawn(['sleep', '600'])
  const events = host.events()
  const killed = await host.keeperPid()
  process.kill(killed, 'SIGKILL')
  const next = async () => (await events.next()).value as HostEvent
  let gap = await next()
  while (gap.type !== 'gap') gap = await next()
  t.match(gap, { seq: 0, from: 0, to: 0 })
  t.match(await next(), { epoch: gap.epoch, seq: 1 }, 'then all that the next keeper has to tell')
  await events.return?.()
  await t.rejects(session.exit, { code: 'ERR_KEEPER_LOST' })
  t.not(await host.keeperPid(), killed)
  t.match(ct.show(), { state: 'running', initPid })
  t.equal((await ct.exec(['echo', 'still here'])).stdout, 'still here\n')
  t.match(await ct.stop({ timeout: upTo(20_000) }), { rung: 'shutdown' })
  t.match(await host.containers.get('two').stop({ timeout: upTo(20_000) }), { rung: 'shutdown' })
  t.same((await host.audit()).leftovers, [])
})
