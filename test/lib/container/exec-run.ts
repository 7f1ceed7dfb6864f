// Programs in a container that is stopped: it is started for them alone, without its own init, and is as it was
// when they have ended.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Session } from '../../../dist/index.js'
import { arm } from '../../../dist/step.js'
import { busybox, temporaryHost, text } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'
import { aWhile } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'web1', image: busybox, memoryLimit: '64 MiB' })
await ct.push('/etc/inittab', '::sysinit:/bin/touch /root/booted\nconsole::askfirst:-/bin/sh\n')
await ct.push('/etc/passwd', 'root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n')
const run = true
const sh = (script: string) => ['sh', '-c', script]

/** After each, the container is as before. */
async function scene(name: string, play: (t: Test) => Promise<void>): Promise<void> {
  await t.test(name, async (t) => {
    await play(t)
    t.equal(ct.state, 'stopped', 'it is stopped again')
    t.same((await host.audit()).leftovers, [], 'and nothing is left')
  })
}

/** A program that is there until its input ends. */
async function lasting(more: { network?: boolean } = {}): Promise<Session> {
  const session = await ct.spawn(sh('echo begun; cat'), { run, ...more })
  await new Promise((resolve) => session.stdout.once('data', resolve))
  return session
}

await scene('one program, and not its own init', async (t) => {
  const look = 'echo out; echo err >&2; cat; cat /proc/1/comm; ls /root; exit 33'
  const result = await ct.exec(sh(look), { run, stdin: 'in\n' })
  t.same(result, { stdout: 'out\nin\ninit\n', stderr: 'err\n', exitCode: 33, signal: null })
  t.match(ct.show(), { exit: { reason: 'exited', code: 0 }, init: 'busybox', pending: [] })
  t.match(await ct.exec(sh('kill -9 $$'), { run }), { exitCode: null, signal: 'SIGKILL' })
  const { stdout } = await ct.exec(sh('id -u; pwd; echo $A'), { run, user: 'web', env: { A: 'b' } })
  t.equal(stdout, '1000\n/\nb\n')
})

await scene('it is confined as after a usual start', async (t) => {
  const look = `grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/1/status /proc/self/status
    cat /proc/self/uid_map /proc/self/limits; hostname; ls -A /dev | grep -v console
    cut -d: -f2- /proc/self/cgroup | grep -v session`
  const alone = (await ct.exec(sh(look), { run })).stdout
  await ct.start()
  const usual = (await ct.exec(sh(look))).stdout
  await ct.exec(['rm', '-f', '/root/booted'])
  await ct.kill()
  t.equal(alone, usual)
  t.match(await ct.exec(['cat', '/proc/1/cmdline', '/proc/1/environ'], { run }), {
    stdout: /^init\0[^/]*container=lxc\0$/,
  })
})

await scene('its init is ours, and none that it could write to', async (t) => {
  const look = `readlink /proc/1/exe; ls /proc/1/fd | tr '\\n' ' '
    (echo x >/proc/1/exe) 2>/dev/null || echo kept; grep -c init /proc/mounts`
  t.equal((await ct.exec(sh(look), { run })).stdout, '/memfd:init (deleted)\n0 1 2 kept\n0\n')
})

await scene('no network, unless it is wanted', async (t) => {
  const look = 'ls /sys/class/net; cat /sys/class/net/lo/operstate; ip link show lo | grep -c UP'
  t.equal((await ct.exec(sh(look), { run })).stdout, 'lo\nunknown\n1\n')
  t.equal((await ct.exec(sh(look), { run, network: true })).stdout, 'lo\nunknown\n1\n')
})

await scene('what cannot be begun leaves it stopped', async (t) => {
  await t.rejects(ct.exec(['true']), { code: 'ERR_STATE', message: /exec needs it running/ })
  await t.rejects(ct.exec(['true'], { network: true }), { code: 'ERR_STATE' })
  await t.rejects(ct.exec(['/nothing'], { run }), { code: 'ENOENT' })
  await t.rejects(ct.exec(['/etc/passwd'], { run }), { code: 'EACCES' })
  await t.rejects(ct.spawn(['true'], { run, cwd: '/nothing' }), { code: 'ENOENT' })
  const wrong = { code: 'ERR_INVALID_ARGUMENT' }
  await t.rejects(ct.exec(['true'], { run, user: 'nobody-of-that-name' }), wrong)
  t.equal(ct.state, 'stopped')
  await t.rejects(ct.exec(['true'], { run: 'yes' as never }), wrong)
  await t.rejects(ct.exec(['true'], { run, network: 1 as never }), wrong)
  await t.rejects(ct.exec([], { run }), wrong)
})

await scene('given up', async (t) => {
  const aborted = AbortSignal.abort(new Error('before'))
  await t.rejects(ct.exec(['true'], { run, signal: aborted }), { message: 'before' })
  for (const step of ['start.prepared', 'start.running'] as const) {
    const controller = new AbortController()
    arm({ how: 'abort', step, controller })
    await t.rejects(
      ct.exec(['true'], { run, signal: controller.signal }),
      { name: 'AbortError' },
      step,
    )
    t.equal(ct.state, 'stopped', step)
    arm({ how: 'fail', step })
    await t.rejects(ct.exec(['true'], { run }), { code: 'ERR_FAULT' }, step)
    t.equal(ct.state, 'stopped', step)
  }
  arm(null)
  const late = AbortSignal.timeout(aWhile(400))
  await t.rejects(ct.exec(['sleep', '1000'], { run, signal: late }), { name: 'TimeoutError' })
  t.equal(ct.state, 'stopped')
  const long = ct.exec(sh('echo so far; sleep 1000'), { run, timeout: aWhile(600) })
  await t.rejects(long, { code: 'ERR_TIMEOUT', stdout: 'so far\n' })
  t.equal(ct.state, 'stopped')
  await t.rejects(ct.exec(['yes'], { run, maxBuffer: 1000 }), { code: 'ERR_OUTPUT_LIMIT' })
})

await scene('what a program leaves behind ends with it', async (t) => {
  const { stdout } = await ct.exec(sh('setsid sleep 1000 >/dev/null 2>&1 & echo left'), { run })
  t.equal(stdout, 'left\n')
  t.equal(ct.state, 'stopped')
  const held = await ct.exec(sh('setsid sleep 1000 & echo held'), { run })
  t.equal(held.stdout, 'held\n', 'also what holds its output')
})

await scene('a session', async (t) => {
  const session = await lasting()
  t.match(ct.show(), { state: 'running', init: 'other', ready: true })
  t.same(await ct.sessions(), [{ ...(await ct.sessions())[0], args: sh('echo begun; cat') }])
  session.stdin?.end('typed')
  t.equal(await text(session.stdout), 'typed')
  t.same(await session.exit, { exitCode: 0, signal: null })
  t.equal(ct.state, 'stopped', 'when its end is told')

  const closed = await lasting()
  await closed.close()
  t.equal(ct.state, 'stopped')

  const terminal = await ct.spawn(sh('stty size'), { run, tty: { rows: 11, cols: 22 } })
  t.equal(await text(terminal.stdout), '11 22\r\n')
  await terminal.exit

  const detached = await lasting()
  await detached.detach()
  const again = await ct.session(detached.id)
  again.stdin?.end('more')
  t.equal(await text(again.stdout), 'more')
  await again.exit
})

await scene('programs that come meanwhile join it', async (t) => {
  const session = await lasting()
  const { initPid } = ct.show()
  t.match(await ct.exec(sh('exit 3'), { run }), { exitCode: 3 })
  t.match(await ct.exec(sh('exit 4')), { exitCode: 4 }, 'also those that would not start it')
  await t.rejects(ct.exec(['/nothing'], { run }), { code: 'ENOENT' })
  t.match(ct.show(), { state: 'running', initPid })
  session.stdin?.end()
  await session.exit
  t.equal(ct.state, 'stopped')

  const many = Array.from({ length: 20 }, (_, i) => ct.exec(sh(`exit ${i}`), { run }))
  const codes = (await Promise.all(many)).map(({ exitCode }) => exitCode)
  t.same(codes, [...Array(20).keys()])
})

await scene('one after the other, as fast as they come', async (t) => {
  const lane = async () => {
    for (let i = 0; i < 8; i++) t.match(await ct.exec(['true'], { run }), { exitCode: 0 })
  }
  await Promise.all([lane(), lane(), lane()])
})

await scene('in one that runs it is a program like others', async (t) => {
  await ct.start()
  const { stdout } = await ct.exec(['readlink', '/proc/1/exe'], { run })
  t.equal(stdout, '/bin/busybox\n')
  t.equal(ct.state, 'running')
  await ct.exec(['rm', '/root/booted'])
  await ct.kill()
})

await scene('what it is refused meanwhile, and why', async (t) => {
  const session = await lasting()
  const why = /is running for a program/
  for (const refused of [
    () => ct.start(),
    () => ct.boot({ image: busybox }),
    () => ct.reboot(),
    () => host.containers.copy('web1', 'web2', { consistent: true }),
  ]) {
    await t.rejects(refused() as Promise<unknown> as Promise<void>, {
      code: 'ERR_STATE',
      message: why,
    })
  }
  await t.rejects(ct.rename('web2'), { code: 'ERR_STATE' })
  await t.rejects(ct.delete(), { code: 'ERR_STATE' })
  t.same((await ct.set({ memoryLimit: '96 MiB' })).applied, ['memoryLimit'])
  t.same((await ct.set({ nesting: true })).pending, ['nesting'])
  t.same(ct.show().pending, ['nesting'])
  await ct.freeze()
  t.equal(ct.state, 'frozen')
  await t.rejects(ct.exec(['true'], { run }), { code: 'ERR_STATE', message: /frozen/ })
  await ct.thaw()
  t.match(await ct.exec(['true'], { run }), { exitCode: 0 })
  session.stdin?.end()
  await session.exit
  t.same(ct.show().pending, [])
  await ct.set({ nesting: false, memoryLimit: '64 MiB' })
})

await scene('stopped or killed, its programs end with it', async (t) => {
  for (const [end, rung] of [
    [() => ct.stop(), 'shutdown'],
    [() => ct.stop({ method: 'kill' }), 'kill'],
    [() => ct.kill(), undefined],
    [() => ct.kill('SIGTERM').then(() => ct.wait('stopped')), undefined],
  ] as const) {
    const session = await lasting()
    const ended = await end()
    if (rung !== undefined) t.match(ended, { rung })
    t.match(await session.exit, { signal: 'SIGKILL' })
    t.equal(ct.state, 'stopped')
  }
  const frozen = await lasting()
  await ct.freeze()
  await ct.stop()
  t.match(await frozen.exit, { signal: 'SIGKILL' })
})

await scene('restarted, it comes up with its own init', async (t) => {
  const session = await lasting()
  await ct.restart()
  t.match(await session.exit, { signal: 'SIGKILL' })
  t.equal((await ct.exec(['readlink', '/proc/1/exe'])).stdout, '/bin/busybox\n')
  await ct.exec(['rm', '-f', '/root/booted'])
  await ct.kill()
})

await scene('a reboot from inside is its end', async (t) => {
  for (const order of ['reboot -f', 'poweroff -f', 'kill -TERM 1']) {
    const { signal } = await ct.exec(sh(`${order}; sleep 1000`), { run })
    t.equal(signal, 'SIGKILL', order)
    await sleep(50)
    t.equal(ct.state, 'stopped', order)
  }
  t.equal((await ct.exec(['ls', '/root'], { run })).stdout, '', 'its own init has never run')
})

await scene('its states are told', async (t) => {
  const told: string[] = []
  const leaving = new AbortController()
  const reading = (async () => {
    for await (const event of host.events({ signal: leaving.signal })) {
      if (event.type === 'state') told.push(event.state)
      if (event.type === 'exit') told.push(event.reason)
    }
  })().catch(() => undefined)
  await ct.exec(['sleep', '0.2'], { run })
  await until(() => told.at(-1) === 'stopped')
  leaving.abort()
  await reading
  t.same(told, ['starting', 'running', 'stopping', 'exited', 'stopped'])
})

await scene('one that is deleted by force', async (t) => {
  const other = await host.containers.create({ id: 'web2', image: busybox })
  const session = await other.spawn(['sleep', '1000'], { run })
  const ended = session.exit.catch(() => null)
  t.same((await other.delete({ force: true })).leftovers, [])
  await ended
})
