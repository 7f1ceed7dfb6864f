// A container at its quota: what needs room in it is refused and changes nothing, all else works.
import { randomBytes } from 'node:crypto'
import { Host, type Container } from 'vpsadminos'
import { importBusybox, startedContainer, text } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')

const host = await Host.temporary({ dataset: testPool(t) })
t.teardown(() => host.close())
await importBusybox(t, host)

const inGuest = { code: 'EDQUOT' }
const full = { code: 'ERR_POOL_FULL', quota: true }

const fill = async (ct: Container): Promise<string> => {
  const script = `
    dd if=/dev/urandom of=/root/large bs=64k count=400
    for i in $(seq 200); do echo x >/root/f$i || break; done
    sync`
  return (await ct.exec(['sh', '-c', script])).stderr
}

const ct = await startedContainer(host, { id: 'web1' })
await ct.push('/root/kept', 'kept\n')
await ct.datasets.set('/', { refquota: '16 MiB' })
t.match(await fill(ct), /Disk quota exceeded/, 'its guest is told')
const { initPid } = ct.show()

await t.test('while it runs', async (t) => {
  await t.rejects(ct.push('/root/kept', randomBytes(2 ** 20)), inGuest)
  t.equal(await text(await ct.pull('/root/kept')), 'kept\n')
  await t.rejects(ct.set({ hostname: 'other.example.org' }), inGuest)
  t.match(ct.show(), { hostname: null })
  await t.rejects(ct.datasets.create('data'), full)
  await t.rejects(host.containers.copy('web1', 'web2'), full)
  t.match(ct.show(), { state: 'running', initPid }, 'it was not stopped for it')
  await ct.set({ memoryLimit: '64 MiB' })
  await ct.snapshots.create('one')
  t.equal((await ct.exec(['echo', 'here'])).stdout, 'here\n')
  await ct.stop()
})

await t.test('while it does not', async (t) => {
  await t.rejects(ct.push('/root/kept', randomBytes(2 ** 20)), inGuest)
  await t.rejects(ct.rename('web2'), inGuest)
  t.equal(ct.id, 'web1')
  await t.rejects(host.containers.copy('web1', 'web2'), full)
  await t.rejects(ct.set({ hostname: 'other.example.org' }), inGuest)
  await ct.start()
  t.match(await text(await ct.pull('/etc/hostname')), 'web1\n')
  await ct.kill()
  t.same(
    host.containers.list().map(({ id }) => id),
    ['web1'],
  )
  t.same((await host.audit()).leftovers, [])
})

await t.test('a snapshot of more than the quota is not rolled back to', async (t) => {
  const { referenced = 0 } = (await ct.snapshots.list())[0] ?? {}
  await ct.start()
  await ct.exec(['sh', '-c', 'rm /root/large && sync'])
  await ct.kill()
  await ct.datasets.set('/', { refquota: referenced - 2 ** 20 })
  await t.rejects(ct.snapshots.rollback('one'), full)
  await ct.start()
  await ct.kill()
  await ct.datasets.set('/', { refquota: referenced + 2 ** 20 })
  await ct.snapshots.rollback('one')
})

await t.test('it is deleted', async (t) => {
  await ct.start()
  await fill(ct)
  t.same((await ct.delete({ force: true })).leftovers, [])
  await host.pools.get('tank').trash?.prune({ pauseMs: 0 })
  t.same((await host.audit()).leftovers, [])
})

await t.test('a quota with its snapshots: what it has had counts, too', async (t) => {
  const ct = await startedContainer(host, { id: 'web1' })
  await ct.datasets.set('/', { quota: '16 MiB' })
  await fill(ct)
  await t.rejects(ct.push('/root/more', randomBytes(2 ** 20)), inGuest)
  await ct.stop()
  const outcome = await ct.snapshots.create('one').catch((error: unknown) => error)
  if (outcome !== undefined) t.match(outcome, { code: 'ERR_POOL_FULL' })
  await ct.start()
  t.same((await ct.delete({ force: true })).leftovers, [])
})
