// LXC's own tools see and control our containers, and the engine notices what they did.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Container, Host } from 'vpsadminos'
import { first } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'
import { importDebian, systemHost } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'lxc-info', 'mmdebstrap', 'tar', 'zstd')
const run = promisify(execFile)

const host = await systemHost(t)
await importDebian(host, 'bookworm')
const ct = await host.containers.create({ id: 'one', image: { distribution: 'debian' } })
const { lxcPath } = ct.show()

/** What a tool printed about the container. */
async function lxc(tool: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(`lxc-${tool}`, ['-P', lxcPath, ...args], { timeout: 30_000 })
  return stdout.trim()
}

async function started(ct: Container): Promise<number> {
  const { initPid } = await ct.start()
  await ct.wait('ready', { timeout: 60_000 })
  return initPid
}

/** Resolves with how the container's run ended. */
async function exited(events: ReturnType<Host['events']>): Promise<unknown> {
  return first(events, (event) => event.type === 'exit' && event.id === ct.id)
}

await t.test('lxc-ls, lxc-info and lxc-wait see it', async (t) => {
  const initPid = await started(ct)
  t.equal(await lxc('ls'), 'one')
  t.equal(await lxc('ls', '--running'), 'one')
  t.match(await lxc('ls', '--fancy'), /^one +RUNNING .* true/m, 'and that it is unprivileged')
  t.equal(await lxc('info', '-n', 'one', '-s', '-H'), 'RUNNING')
  t.equal(await lxc('info', '-n', 'one', '-p', '-H'), String(initPid))
  t.match(await lxc('info', '-n', 'one', '-S'), /Memory use: +\d/)
  await lxc('wait', '-n', 'one', '-s', 'RUNNING', '-t', '5')
})

await t.test('lxc-attach runs a program in it', async (t) => {
  t.match(await lxc('attach', '-n', 'one', '--', 'cat', '/etc/os-release'), /^ID=debian$/m)
  const base = ct.user.uidMap[0]?.hostId ?? 0
  const map = await lxc('attach', '-n', 'one', '--', 'cat', '/proc/self/uid_map')
  t.strictSame(map.split(/\s+/).map(Number), [0, base, 65536])
  t.equal(await lxc('attach', '-n', 'one', '--', 'systemctl', 'is-system-running'), 'running')
  t.equal(ct.state, 'running')
})

await t.test('lxc-stop shuts it down', async (t) => {
  const events = host.events()
  const begin = performance.now()
  await lxc('stop', '-n', 'one', '-t', '30')
  t.ok(performance.now() - begin < 20_000)
  t.match(await exited(events), { reason: 'halt' })
  await ct.wait('stopped', { timeout: 5000 })
  t.match(ct.show(), { state: 'stopped', initPid: null, exit: { reason: 'halt' } })
  t.equal(await lxc('info', '-n', 'one', '-s', '-H'), 'STOPPED')
  t.strictSame((await host.audit()).leftovers, [])
})

await t.test('lxc-stop kills it', async (t) => {
  await started(ct)
  const events = host.events()
  await lxc('stop', '-n', 'one', '-k')
  t.match(await exited(events), { reason: 'signal', signal: 'SIGKILL' })
  await ct.wait('stopped', { timeout: 5000 })
  t.strictSame((await host.audit()).leftovers, [])
})

await t.test('lxc-stop reboots it', async (t) => {
  const before = await started(ct)
  const events = host.events()
  // It waits for liblxc's own restart, which is ours here, and may complain.
  await lxc('stop', '-n', 'one', '-r', '-t', '30').catch(() => undefined)
  const next = await first(events, (event) => event.type === 'state' && event.state === 'running')
  t.match(next, { id: 'one' })
  t.match(await ct.wait('ready', { timeout: 60_000 }), { state: 'running' })
  t.match(ct.show().exit, { reason: 'reboot' })
  t.not(ct.show().initPid, before)
  t.equal(await lxc('info', '-n', 'one', '-p', '-H'), String(ct.show().initPid))
})

await t.test('lxc-freeze and lxc-unfreeze', async (t) => {
  await lxc('freeze', '-n', 'one')
  t.equal(await lxc('info', '-n', 'one', '-s', '-H'), 'FROZEN')
  t.match(await ct.wait('frozen', { timeout: 5000 }), { state: 'frozen' })
  await lxc('unfreeze', '-n', 'one')
  t.match(await ct.wait('running', { timeout: 5000 }), { state: 'running' })
  t.equal((await ct.exec(['true'])).exitCode, 0)
})

await t.test('lxc-info tells when the engine has frozen it', async (t) => {
  await ct.freeze()
  t.equal(await lxc('info', '-n', 'one', '-s', '-H'), 'FROZEN')
  await ct.thaw()
  t.equal(await lxc('info', '-n', 'one', '-s', '-H'), 'RUNNING')
  t.match(await ct.stop(), { rung: 'shutdown' })
})
