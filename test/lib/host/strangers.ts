// Containers that run and of which the host knows nothing yet, or nothing any more: they are not ended.
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Host } from 'vpsadminos'
import { busybox, importBusybox, startedContainer } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const [pool] = options.pools
let file = ''
let away = ''
{
  await using host = await Host.open({ ...options, pools: [] })
  await host.pools.install(pool)
  await importBusybox(t, host)
  await host.groups.create({ path: '/some' })
  const ct = await startedContainer(host, { id: 'runs', group: '/some' })
  file = ct.record.file.path
  away = join(ct.record.pool.layout.root, 'elsewhere.yml')
}

await t.test('while their pool is being imported', async (t) => {
  const before = await Host.open(options)
  const { initPid } = before.containers.show('runs')
  await before.close()
  let looks = 0
  for (let round = 0; round < 15; round++) {
    await using host = await Host.open({ ...options, pools: [] })
    let over = false
    const imported = host.pools.import(pool).finally(() => (over = true))
    while (!over) {
      const removed = await host.recover().then(
        (report) => report.removed,
        () => [],
      )
      t.same(removed, [])
      looks++
      await new Promise(setImmediate)
    }
    await imported
    t.match(host.containers.show('runs'), { state: 'running', initPid })
    t.same((await host.audit()).leftovers, [])
  }
  t.comment(`${looks} looks`)
})

await t.test('whose file is gone', async (t) => {
  renameSync(file, away)
  {
    await using host = await Host.open(options)
    t.equal(host.containers.find('runs'), null)
    const { leftovers } = await host.audit()
    const process = leftovers.filter(({ type }) => type === 'process')
    t.match(process, [{ reason: /^container tank:runs runs, and its file is gone: put .* back/ }])
    t.equal(leftovers.filter(({ type }) => type === 'cgroup' || type === 'mount').length, 0)
    const { removed, left } = await host.recover()
    t.same(removed, [])
    t.same(left, leftovers)
    const problems = await host.healthcheck()
    t.match(
      problems.find(({ type }) => type === 'process'),
      { mend: null },
    )
    await t.rejects(host.pools.export('tank'), { code: 'ERR_STATE', message: /runs \(\d+\)/ })
    t.equal(host.pools.get('tank').show().state, 'active', 'and it is not exported by half')
  }
  renameSync(away, file)
  await using host = await Host.open(options)
  t.equal(host.containers.get('runs').state, 'running')
  t.same((await host.audit()).leftovers, [])
})

await t.test('one that has ended needs nothing any more, and nobody asks the keeper', async (t) => {
  const start = async () => {
    await using host = await Host.open(options)
    const ct = await startedContainer(host, { id: 'ends' })
    return { path: ct.record.file.path, initPid: ct.show().initPid ?? 0 }
  }
  const { path, initPid } = await start()
  renameSync(path, away)
  {
    await using host = await Host.open(options)
    const user = await host.users.create({ name: 'idle' })
    const refused = { code: 'ERR_IN_USE', users: [/^container ends perhaps/] }
    await t.rejects(user.delete(), refused)
    const killed = await host.keeperPid()
    process.kill(killed, 'SIGKILL')
    await until(async () => (await host.keeperPid()) !== killed)
    await t.rejects(user.delete(), refused, 'nor with the next keeper')
    process.kill(initPid, 'SIGKILL')
    await until(() => host.pools.get('tank').strangers.size === 0)
    const keeper = await host.keeperPid()
    process.kill(keeper, 'SIGSTOP')
    let over = false
    const deleting = user.delete().finally(() => (over = true))
    await until(() => over).finally(() => process.kill(keeper, 'SIGCONT'))
    await deleting
    t.equal(host.users.find('idle'), null)
  }
  renameSync(away, path)
  await using host = await Host.open(options)
  await host.containers.get('ends').delete()
  t.same((await host.audit()).leftovers, [])
})

await t.test('what they may need is not deleted', async (t) => {
  const text = readFileSync(file, 'utf8')
  const write = (content: string) => {
    chmodSync(file, 0o600)
    writeFileSync(file, content)
    chmodSync(file, 0o400)
  }
  for (const [how, hide, bringBack] of [
    ['gone', () => renameSync(file, away), () => renameSync(away, file)],
    ['broken', () => write('user: [\n'), () => write(text)],
  ] as const) {
    {
      await using host = await Host.open(options)
      await host.containers.create({ id: 'beside', image: busybox, user: 'runs', group: '/some' })
    }
    hide()
    {
      await using host = await Host.open(options)
      const image = host.images.list()[0]?.id ?? ''
      const inUse = { code: 'ERR_IN_USE', users: [/perhaps/] }
      const [user, group] = [host.users.get('runs'), host.groups.get('/some')]
      await host.containers.get('beside').delete()
      t.equal(host.users.find('runs'), user, `${how}: not with the last that is known to have it`)
      await t.rejects(user.delete(), { ...inUse, kind: 'user' })
      await t.rejects(group.delete(), { ...inUse, kind: 'group' })
      await t.rejects(host.images.delete(image), { ...inUse, kind: 'image' })
      t.equal(host.images.list()[0]?.id, image)
    }
    bringBack()
    await using host = await Host.open(options)
    t.match(host.containers.get('runs').show(), { state: 'running', user: 'runs' })
  }
  await using host = await Host.open(options)
  await host.containers.get('runs').delete({ force: true })
  t.equal(host.users.find('runs'), null)
  await host.groups.get('/some').delete()
  await host.images.delete(host.images.list()[0]?.id ?? '')
  t.same((await host.audit()).leftovers, [])
})
