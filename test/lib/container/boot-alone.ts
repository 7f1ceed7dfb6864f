// A run from an image while nobody has the host open: it goes on, and whoever opens the host after its end finds
// the container with its own root, and nothing of the other one.
import { Host, type Container } from 'vpsadminos'
import type { Known } from '../../../dist/keeper/types.js'
import { importBusybox, text } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { known } from '../../helpers/keeper-state.js'
import { requires } from '../../helpers/requires.js'
import { containersOn } from '../../helpers/storage.js'
import { lastingHost, whileOpen } from '../../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const image = { distribution: 'busybox' }

const opened = <T>(work: (host: Host, ct: Container) => Promise<T>): Promise<T> =>
  whileOpen(options, work)

/** What the keeper has of it. */
const found = async (): Promise<Known | null> => (await known(options))[0] ?? null

const rootOf = async (ct: Container): Promise<string> => await text(await ct.pull('/root/file'))

/** Boots it, and has it do something a moment after the host was closed. */
async function bootAnd(order: string): Promise<void> {
  await opened(async (_host, ct) => {
    await ct.boot({ image, mountRoot: '/mnt', force: true })
    await ct.push('/root/file', 'image')
    await ct.exec(['sh', '-c', `(sleep 1; ${order}) >/dev/null 2>&1 &`])
  })
}

const host = await Host.open(options)
await host.pools.install(options.pools[0])
await importBusybox(t, host)
await host.containers.create({ id: 'web1', image })
await host.containers.get('web1').push('/root/file', 'own')
await host.close()

await t.test('it is found as it is', async (t) => {
  await bootAnd('true')
  t.match(await found(), { state: 'running', once: true })
  await opened(async (host, ct) => {
    t.match(ct.show(), { state: 'running', booted: { distribution: 'busybox', mountRoot: '/mnt' } })
    t.equal(await rootOf(ct), 'image')
    t.same((await host.audit()).leftovers, [])
    await t.rejects(ct.set({ hostname: 'other' }), { code: 'ERR_STATE' })
    await ct.kill()
    t.equal(await rootOf(ct), 'own')
  })
})

await t.test('it has ended', async (t) => {
  await bootAnd('poweroff -f')
  await until(async () => (await found()) === null)
  await opened(async (host, ct) => {
    t.match(ct.show(), { state: 'stopped', booted: null })
    t.same(containersOn(host.pools.get('tank').show()), ['web1'])
    t.same((await host.audit()).leftovers, [])
    await ct.start()
    t.equal(await rootOf(ct), 'own')
    await ct.kill()
  })
})

await t.test('it has rebooted', async (t) => {
  await bootAnd('reboot -f')
  await until(async () => (await found())?.once === false)
  await until(async () => (await found())?.state === 'running')
  await opened(async (host, ct) => {
    t.match(ct.show(), { state: 'running', booted: null })
    t.equal(await rootOf(ct), 'own')
    t.same(containersOn(host.pools.get('tank').show()), ['web1'])
    t.same((await host.audit()).leftovers, [])
    await ct.kill()
  })
})
