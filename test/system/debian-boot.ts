// A container whose init is busybox's is mended from a Debian, whose systemd says when it is up; rebooted from
// there, it is what it was. And the other way round.
import type { Test } from 'tap'
import type { Container } from 'vpsadminos'
import { busybox, importBusybox, text } from '../helpers/host.js'
import { until } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { importDebian, systemHost } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'mmdebstrap', 'tar', 'zstd')
const host = await systemHost(t)
await importBusybox(t, host)
await importDebian(host, 'trixie')
const debian = { distribution: 'debian' }

async function read(ct: Container, path: string): Promise<string> {
  return await text(await ct.pull(path))
}

async function isDebian(t: Test, ct: Container): Promise<void> {
  t.match(await ct.wait('ready', { timeout: 60_000 }), { by: 'init', state: 'running' })
  t.equal(ct.show().init, 'systemd')
  t.match(await read(ct, '/etc/os-release'), /ID=debian/)
  t.equal(await read(ct, '/etc/hostname'), 'mended\n')
}

await t.test('Debian for a busybox', async (t) => {
  const ct = await host.containers.create({ id: 'bb', image: busybox, hostname: 'mended' })
  await ct.push('/root/file', 'broken\n')
  await ct.boot({ image: debian, mountRoot: '/mnt' })
  await isDebian(t, ct)
  await ct.exec(['sh', '-c', 'echo mended >/mnt/root/file'])
  await ct.reboot()
  t.equal(ct.show().init, 'busybox')
  t.equal(await read(ct, '/root/file'), 'mended\n')
  await ct.stop()
  t.same((await host.audit()).leftovers, [])
})

await t.test('a busybox for Debian', async (t) => {
  const ct = await host.containers.create({ id: 'deb', image: debian, hostname: 'mended' })
  await ct.boot({ image: busybox, mountRoot: '/mnt' })
  t.match(ct.show(), { init: 'busybox', ready: true })
  t.match(await read(ct, '/mnt/etc/os-release'), /ID=debian/)
  await ct.reboot()
  await isDebian(t, ct)
  await until(async () => (await host.audit()).leftovers.length === 0)
  t.equal((await ct.stop()).rung, 'shutdown')
  t.same((await host.audit()).leftovers, [])
})
