// Copies on ZFS: which datasets they have, and what these share with others, as the `zfs` program tells it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  busybox,
  importBusybox,
  startedContainer,
  temporaryHost,
  text,
} from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { testPool, zfs } from '../../helpers/zpool.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox')
const above = testPool(t)
const host = await temporaryHost(t, { dataset: above })
const { dataset = '' } = host.pools.get('tank').show()
const path = mkdtempSync(join(tmpdir(), 'zfs-copy-'))
t.teardown(() => rmSync(path, { recursive: true, force: true }))

const all = (name: string, types = 'filesystem'): string[] =>
  zfs('list', '-Ho', 'name', '-t', types, '-r', `${dataset}/ct/${name}`)
    .split('\n')
    .map((line) => line.slice(`${dataset}/ct/`.length))
const get = (name: string, property: string): string =>
  zfs('get', '-Ho', 'value', property, `${dataset}/ct/${name}`)

await t.test('its datasets, without its snapshots, and what they share', async (t) => {
  const ct = await startedContainer(host, { id: 'web1' })
  zfs('create', '-o', 'canmount=noauto', `${dataset}/ct/web1/data`)
  zfs('create', '-o', 'canmount=noauto', `${dataset}/ct/web1/data/more`)
  zfs('set', 'org.example:mine=yes', 'refquota=1G', `${dataset}/ct/web1`)
  zfs('set', 'recordsize=16K', `${dataset}/ct/web1/data`)
  await ct.snapshots.create('older')
  await ct.exec(['sh', '-c', 'echo written >/root/file'])
  await host.containers.copy('web1', 'web2')
  t.same(all('web2'), ['web2', 'web2/data', 'web2/data/more'])
  t.same(all('web2', 'snapshot'), [''])
  t.same(all('web1', 'snapshot'), ['web1@older', 'web1/data@older', 'web1/data/more@older'])
  t.equal(get('web2', 'origin'), get('web1', 'origin'), 'a clone of the same image')
  t.equal(get('web2', 'org.example:mine'), 'yes')
  t.equal(get('web2', 'refquota'), '1G')
  t.equal(get('web2/data', 'recordsize'), '16K')
  t.equal(get('web2', 'canmount'), 'noauto')
  t.equal(ct.state, 'running')

  await ct.delete({ force: true })
  await host.pools.get('tank').trash?.prune({ pauseMs: 0 })
  const copy = host.containers.get('web2')
  await copy.start()
  t.equal((await copy.exec(['cat', '/root/file', '/etc/hostname'])).stdout, 'written\nweb2\n')
  await copy.kill()
})

await t.test('a rollback before it, and an image that is gone', async (t) => {
  const ct = host.containers.get('web2')
  await ct.snapshots.create('one')
  await ct.snapshots.create('two')
  await ct.snapshots.rollback('one')
  for (const { id } of host.images.list()) await host.images.delete(id)
  const copy = await host.containers.copy('web2', 'web3')
  t.equal(get('web3', 'origin'), '-', 'it shares nothing')
  t.same(all('web3'), ['web3', 'web3/data', 'web3/data/more'])
  t.equal(await text(await copy.pull('/root/file')), 'written\n')
  await ct.delete()
  await importBusybox(t, host)
  await copy.delete()
})

await t.test('into a directory: one that has more datasets is refused', async (t) => {
  await host.pools.install({ name: 'other', path: join(path, 'pool') })
  const ct = await host.containers.create({ id: 'web1', image: busybox })
  await ct.push('/root/file', 'pushed\n')
  zfs('create', '-o', 'canmount=noauto', `${dataset}/ct/web1/data`)
  const { initPid } = await ct.start()
  await t.rejects(host.containers.copy('web1', 'web2', { pool: 'other' }), {
    code: 'ERR_UNSUPPORTED',
    reason: 'it has datasets: data',
  })
  t.equal(ct.show().initPid, initPid, 'what runs was not stopped for it')
  await ct.kill()
  t.equal(host.containers.find('other:web2'), null)
  t.same(
    host.users.list().map(({ name }) => name),
    ['web1'],
  )
  zfs('destroy', `${dataset}/ct/web1/data`)
  const copy = await host.containers.copy('web1', 'web2', { pool: 'other' })
  t.match(copy.show(), { cloneMode: /copy|reflink/, image: null })
  t.equal(await text(await copy.pull('/root/file')), 'pushed\n')
  await copy.delete()
  await ct.delete()
  t.same((await host.audit()).leftovers, [])
})
