// Programs in a running container: streams, terminal, confinement, and how they end.
import { closeSync, existsSync, readFileSync, writeSync } from 'node:fs'
import { Connection } from '../../../dist/keeper/connection.js'
import type { KeeperError } from '../../../dist/keeper/errors.js'
import { drain } from '../../helpers/drain.js'
import { hierarchies } from '../../helpers/hierarchies.js'
import { event, execPlan, KeeperHost, until } from '../../helpers/keeper-host.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()
const started = await keeper.start(host.plan('web'))

async function output(args: string[], more = {}): Promise<string> {
  const session = await keeper.exec(execPlan('web', args, more))
  closeSync(session.pidfd)
  const errors = drain(session.stderr)
  const text = await drain(session.stdout)
  await until(async () => {
    const known = (await keeper.sessions()).find((s) => s.session === session.session)
    return known?.exit !== null
  })
  await keeper.closeSession(session.session)
  return text + (await errors)
}

await t.test('three pipes', async (t) => {
  const session = await keeper.exec(
    execPlan('web', ['sh', '-c', 'cat; echo oops >&2; exit 3'], { stdin: true }),
  )
  const events = keeper.events()
  const [stdout, stderr] = [drain(session.stdout), drain(session.stderr)]
  writeSync(session.stdin ?? -1, 'hello')
  closeSync(session.stdin ?? -1)
  await keeper.closeStdin(session.session)
  t.equal(await stdout, 'hello', 'the end of input arrives')
  t.equal(await stderr, 'oops\n')
  const end = await event(events, (e) => e.type === 'session')
  t.match(end, { session: session.session, code: 3, signal: null })
  closeSync(session.pidfd)
  await keeper.closeSession(session.session)
  await t.rejects(keeper.openSession(session.session), { code: 'ERR_SESSION_LOST' })
})

await t.test('a terminal of the guest', async (t) => {
  const text = await output(['sh', '-c', 'tty; stty size; test -t 2 && echo yes'], {
    tty: { rows: 30, cols: 100 },
  })
  t.match(text, /^\/dev\/pts\/\d+\r\n30 100\r\nyes/)
})

await t.test('who and where', async (t) => {
  const text = await output(['sh', '-c', 'id -u; id -g; id -G; pwd; env; hostname'], {
    uid: 1000,
    gid: 1001,
    groups: [1002],
    cwd: '/tmp',
    env: { PATH: '/bin', A: 'b c' },
  })
  t.match(text, '1000\n1001\n1001 1002\n/tmp\n')
  t.match(text, 'A=b c\n')
  t.notMatch(text, 'HOME=', 'nothing of the host environment')
  t.match(text, /web\n$/)
})

await t.test('held by what holds init', async (t) => {
  const fields = /^(CapBnd|CapEff|NoNewPrivs|Seccomp|Seccomp_filters):.*$/gm
  const init = readFileSync(`/proc/${started.initPid}/status`, 'utf8').match(fields)
  const ours = (await output(['cat', '/proc/self/status'])).match(fields)
  t.strictSame(ours, init)
  t.match(init, /Seccomp:\t2/, 'and there is a filter at all')
  t.match(await output(['sh', '-c', 'ulimit -Sn; ulimit -Hn']), '512\n1024\n')
  const fds = await output(['sh', '-c', 'ls /proc/self/fd | wc -l'])
  t.equal(fds.trim(), '4', 'its three streams and the directory it reads')
  for (const ns of ['user', 'mnt', 'pid', 'net', 'uts', 'ipc', 'cgroup']) {
    const theirs = await output(['readlink', `/proc/1/ns/${ns}`])
    t.equal(await output(['readlink', `/proc/self/ns/${ns}`]), theirs, ns)
  }
})

await t.test('in the cgroups of init, and on v2 in one of its own', async (t) => {
  const session = await keeper.exec(execPlan('web', ['sleep', '100']))
  const lines = readFileSync(`/proc/${session.pid}/cgroup`, 'utf8').trimEnd().split('\n')
  const inits = readFileSync(`/proc/${started.initPid}/cgroup`, 'utf8').trimEnd().split('\n')
  t.equal(lines.length, inits.length)
  let leaf: string | null = null
  for (const [i, line] of lines.entries()) {
    const init = inits[i] ?? ''
    if (line.startsWith('0::')) {
      leaf = line.slice(3)
      t.match(line.slice(init.length), /^\/osctl\.session-\d+-[0-9a-f]{16}$/, 'the leaf')
      t.equal(line.slice(0, init.length), init)
    } else t.equal(line, init)
  }
  const stands = (cgroup: string | null) =>
    cgroup !== null && hierarchies.some((mountpoint) => existsSync(mountpoint + cgroup))
  t.equal(stands(leaf), leaf !== null)
  process.kill(session.pid, 'SIGKILL')
  await until(async () => (await keeper.sessions()).every((s) => s.exit !== null))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  await keeper.closeSession(session.session)
  t.equal(stands(leaf), false, 'and gone with the program')
})

await t.test('what cannot be run', async (t) => {
  await t.rejects(keeper.exec(execPlan('web', ['nope'])), { code: 'ENOENT', step: 'exec' })
  await t.rejects(keeper.exec(execPlan('web', ['/etc/passwd'])), { code: 'EACCES', step: 'exec' })
  await t.rejects(keeper.exec(execPlan('web', ['true'], { cwd: '/nope' })), {
    code: 'ENOENT',
    step: 'cwd',
  })
  await t.rejects(keeper.exec(execPlan('web', [])), { code: 'EINVAL' })
  await t.rejects(keeper.exec(execPlan('web', ['a\0b'])), { code: 'EINVAL' })
  await t.rejects(keeper.exec(execPlan('other', ['true'])), { code: 'ERR_CONTAINER_NOT_RUNNING' })
})

await t.test('what is killed on its way in, and how', async (t) => {
  const connection = new Connection(host.stateDir)
  t.teardown(() => connection.close())
  const kill = (STEP: string) => connection.request('FAULT', { STEP, OP: 'kill', PID: 0 })
  const exec = () => keeper.exec(execPlan('web', ['true']))
  await kill('session.entered')
  const how = 'the process on the way in was ended by signal 9 before it reported'
  await t.rejects(exec(), { code: 'ECHILD', detail: how })
  await kill('program.root')
  const program = 'the program was ended by signal 9 before it reported'
  // Another one may have waited for it before its pid was told.
  await until(async () => {
    const error: unknown = await exec().catch((error: unknown) => error)
    t.match(error, { code: 'ECHILD', detail: /^the program .* before it reported$/ })
    return (error as KeeperError).detail === program
  })
  await kill('edit.entered')
  await t.rejects(keeper.edit({ pool: 'tank', id: 'web' }, [{ op: 'stat', path: '/' }]), {
    code: 'ECHILD',
    detail: 'the process was ended by signal 9 before it reported',
  })
  await kill('')
  t.match(await keeper.run(execPlan('web', ['true']), 20_000), { exit: { code: 0 } })
})

await t.test('waits for its reader, also for another one', async (t) => {
  const session = await keeper.exec(execPlan('web', ['sh', '-c', 'seq 1 100000; echo end']))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  await using later = await host.connect()
  const again = await later.openSession(session.session)
  const [text] = await Promise.all([drain(again.stdout), drain(again.stderr)])
  closeSync(again.pidfd)
  t.equal(text.length, 588_895 + 4, 'nothing is lost')
  t.ok(text.endsWith('100000\nend\n'))
})

await t.test('killed by a signal', async (t) => {
  const session = await keeper.exec(execPlan('web', ['sleep', '100']))
  const events = keeper.events()
  process.kill(session.pid, 'SIGTERM')
  t.match(await event(events, (e) => e.type === 'session'), { code: null, signal: 'SIGTERM' })
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  await keeper.closeSession(session.session)
})
