// LXC's own tools see the containers that osctl made, on a daemon that lives: running, stopped, and never started.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { runOsctld, daemonPlace } from '../helpers/daemon.js'
import { Osctl } from '../helpers/osctl.js'
import { requires } from '../helpers/requires.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox', 'lxc-info')
const run = promisify(execFile)

const place = await daemonPlace(t)
const first = await runOsctld(t, place)
const osctl = new Osctl(place.socket)
let lxcPath = ''

/** What a tool printed. */
async function lxc(tool: string, ...args: string[]): Promise<string> {
  const timeout = upTo(30_000)
  const { stdout } = await run(`lxc-${tool}`, ['-P', lxcPath, ...args], { timeout })
  return stdout.trim()
}
const listed = async (...args: string[]): Promise<string[]> =>
  (await lxc('ls', ...args)).split(/\s+/).filter(Boolean)

await t.test('made by osctl', async (t) => {
  await osctl.ok(t, 'user new shared')
  await osctl.ok(t, 'group new /more')
  await osctl.ok(t, 'ct new --distribution busybox one')
  await osctl.ok(t, 'ct new --distribution busybox --user shared --group /more Two_2')
  await osctl.ok(t, 'ct new --distribution busybox never')
  lxcPath = (await osctl.ok(t, 'ct show -H -o lxc_path one')).stdout.trim()
  t.same((await listed()).sort(), ['Two_2', 'never', 'one'])
  t.equal(await lxc('info', '-n', 'never', '-s', '-H'), 'STOPPED')
  await osctl.ok(t, 'ct mv never later')
  await osctl.ok(t, 'ct chown later shared')
  await osctl.ok(t, 'ct cp later never')
  await osctl.ok(t, 'pool export tank')
  await osctl.ok(t, 'pool import tank')
  t.same((await listed()).sort(), ['Two_2', 'later', 'never', 'one'], 'as they are called now')
  await osctl.ok(t, 'ct del later')
  t.same((await listed()).sort(), ['Two_2', 'never', 'one'])
})

await t.test('running ones', async (t) => {
  for (const id of ['one', 'Two_2']) {
    await osctl.ok(t, `ct start ${id}`)
    const pid = (await osctl.ok(t, `ct ls -H -o init_pid ${id}`)).stdout.trim()
    t.equal(await lxc('info', '-n', id, '-s', '-H'), 'RUNNING')
    t.equal(await lxc('info', '-n', id, '-p', '-H'), pid)
    t.equal(await lxc('attach', '-n', id, '--', 'hostname'), id)
    const map = await lxc('attach', '-n', id, '--', 'cat', '/proc/self/uid_map')
    t.match(map, /^0\s+[1-9]\d+\s+65536$/)
  }
  t.same((await listed('--running')).sort(), ['Two_2', 'one'])
})

await t.test('after osctld was replaced', async (replaced) => {
  first.kill('SIGTERM')
  await once(first, 'exit')
  // Until all of it is over.
  await runOsctld(t, place)
  replaced.equal(await lxc('info', '-n', 'one', '-s', '-H'), 'RUNNING')
})

await t.test('stopped ones, and one that was never started', async (t) => {
  await osctl.ok(t, 'ct stop -k one')
  t.equal(await lxc('info', '-n', 'one', '-s', '-H'), 'STOPPED')
  await osctl.run('ct su never', 'exit\n')
  t.equal(await lxc('info', '-n', 'never', '-s', '-H'), 'STOPPED')
  t.same((await listed()).sort(), ['Two_2', 'never', 'one'])
  t.match((await osctl.ok(t, 'healthcheck -a')).stderr, 'No problems found\n')
})

await t.test('in the shell of osctl', async (t) => {
  const script = 'lxc-info -s -H\nlxc-attach -- hostname\nlxc-ls --running\nexit\n'
  const { code, stdout } = await osctl.run('ct su Two_2', script)
  t.equal(code, 0)
  t.match(stdout, /^RUNNING\n[^\n]+\nTwo_2/)
})
