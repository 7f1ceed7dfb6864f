// The keeper becomes another program, and nobody notices: containers, programs in them, consoles,
// files that are being replaced, requests under way, events, clients.
import { closeSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { finished } from 'node:stream/promises'
import { Connection } from '../../../dist/keeper/connection.js'
import { protocolVersion } from '../../../dist/keeper/protocol.js'
import { renew } from '../../../dist/keeper/renewal.js'
import type { SessionStreams } from '../../../dist/keeper/types.js'
import { drain } from '../../helpers/drain.js'
import { event, execPlan, KeeperHost, until } from '../../helpers/keeper-host.js'
import { runsKeeper, useKeeper, useNextKeeper } from '../../helpers/next-keeper.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'busybox')
const host = new KeeperHost(t)
await using keeper = await host.connect()
const first = await keeper.start(host.plan('web'))
const input = (session: SessionStreams): number => session.stdin ?? -1
const descriptors = () => readdirSync(`/proc/${keeper.pid}/fd`).length

/** As another program, of the same process. */
async function renewed(t: Parameters<typeof useNextKeeper>[0]): Promise<void> {
  useNextKeeper(t)
  t.notOk(runsKeeper(keeper.pid))
  await keeper.renew()
  t.ok(runsKeeper(keeper.pid), 'it is the other program')
}

await t.test('what runs goes on', async (t) => {
  const events = keeper.events()
  const [pipes, terminal, over] = [
    await keeper.exec(execPlan('web', ['cat'], { stdin: true })),
    await keeper.exec(execPlan('web', ['cat'], { tty: { rows: 20, cols: 80 } })),
    await keeper.exec(execPlan('web', ['sh', '-c', 'echo last words; exit 7'])),
  ]
  const before = await event(events, (e) => e.type === 'session')
  const printed = [drain(pipes.stdout), drain(terminal.stdout)]
  for (const session of [pipes, terminal]) writeSync(input(session), 'before\n')
  const known = await keeper.sessions()

  await renewed(t)
  t.match(await keeper.containers(), [{ id: 'web', state: 'running', initPid: first.initPid }])
  t.strictSame(await keeper.sessions(), known, 'and programs')
  for (const session of [pipes, terminal]) writeSync(input(session), 'after\n')
  // Both hold it.
  closeSync(pipes.stdin ?? -1)
  await keeper.closeStdin(pipes.session)
  writeSync(input(terminal), '\x04')
  t.equal(await printed[0], 'before\nafter\n')
  // What is typed is seen, and printed; the one may be late.
  const seen = (await printed[1])?.match(/\w+(?=\r\n)/g) ?? []
  t.same(seen.sort(), ['after', 'after', 'before', 'before'])
  await until(async () => (await keeper.sessions()).every(({ exit }) => exit !== null))
  const again = await keeper.openSession(over.session)
  t.match(again.exit, { code: 7 })
  t.equal(await drain(again.stdout), 'last words\n', 'what nobody has read is there')
  const fds = [pipes, terminal, over, again].flatMap((s) => [s.pidfd, s.stderr, over.stdout])
  for (const fd of new Set(fds)) if (fd !== null) closeSync(fd)
  for (const { session } of await keeper.sessions()) await keeper.closeSession(session)

  const news = keeper.events({ epoch: before.epoch, seq: before.seq })
  for (let seq = before.seq + 1; seq <= before.seq + 2; seq++) {
    t.match((await news.next()).value, { type: 'session', seq }, 'events are numbered as before')
  }
  await news.return()
})

await t.test('what is under way comes to its end', async (t) => {
  const results = await Promise.all([
    keeper.start(host.plan('early')),
    keeper.run(execPlan('web', ['sh', '-c', 'sleep 0.5; echo done']), 20_000),
    keeper.run(execPlan('web', ['sh', '-c', 'exit 3']), 20_000),
    keeper.edit({ pool: 'tank', id: 'web' }, [
      { op: 'write', path: '/edited', data: Buffer.from('some'), mode: 0o644 },
    ]),
    keeper.console('tank', 'web', 0),
    renewed(t),
    keeper.start(host.plan('late')),
  ])
  const [early, slow, quick, , terminal, , late] = results
  t.match(slow, { stdout: Buffer.from('done\n'), exit: { code: 0 } })
  t.match(quick, { exit: { code: 3 } })
  t.match(await keeper.containers(), [
    { id: 'early', state: 'running', initPid: early.initPid },
    { id: 'late', state: 'running', initPid: late.initPid },
    { id: 'web' },
  ])
  closeSync(terminal)
  await keeper.closeConsole('tank', 'web', 0)
})

await t.test('a file that is being replaced', async (t) => {
  const file = await keeper.replaceFile({ pool: 'tank', id: 'web' }, '/replaced', {
    mode: 0o644,
    uid: 0,
    gid: 0,
    mkdirs: false,
  })
  file.content.write('half ')
  await renewed(t)
  file.content.end('and half')
  await finished(file.content)
  await file.commit()
  const content = await keeper.openFile({ pool: 'tank', id: 'web' }, '/replaced')
  await renewed(t)
  t.equal(await text(content), 'half and half')
})

await t.test('a console that is open', async (t) => {
  const console_ = () => readFileSync(join(host.dir, 'web.console'), 'utf8')
  const terminal = await keeper.console('tank', 'web', 0)
  await renewed(t)
  writeSync(terminal, '\n')
  await until(() => console_().includes('# '))
  writeSync(terminal, 'echo typed $((1 + 2))\n')
  await until(() => console_().includes('typed 3'))
  closeSync(terminal)
  const again = await keeper.console('tank', 'web', 0)
  closeSync(again)
  for (let i = 0; i < 2; i++) await keeper.closeConsole('tank', 'web', 0)
  t.match(await keeper.containers(), [{}, {}, { id: 'web' }], 'the monitor lives')
})

await t.test('a monitor that does not answer holds nothing up', async (t) => {
  const { initPid, monitorPid } = await keeper.start(host.plan('deaf'))
  process.kill(monitorPid, 'SIGSTOP')
  const refused = t.rejects(keeper.console('tank', 'deaf', 0), { code: 'ETIMEDOUT' })
  await renewed(t)
  await refused
  process.kill(monitorPid, 'SIGCONT')
  process.kill(initPid, 'SIGKILL')
  await until(async () => (await keeper.containers()).every(({ id }) => id !== 'deaf'))
})

await t.test('ends are noticed, of monitors that are still children', async (t) => {
  await renewed(t)
  const events = keeper.events()
  const known = await keeper.lookup('tank', 'early')
  closeSync(known?.pidfd ?? -1)
  process.kill(known?.initPid ?? 0, 'SIGKILL')
  t.match(await event(events, (e) => e.type === 'exit'), { id: 'early', reason: 'signal' })
  await until(async () => (await keeper.lookup('tank', 'early')) === null)
  t.notMatch(host.cgroupsLeft(), [/early/])
  const reboots = keeper.events()
  const session = await keeper.exec(execPlan('late', ['reboot', '-f']))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  t.match(await event(reboots, (e) => e.type === 'exit'), { id: 'late', reason: 'reboot' })
  await until(async () => (await keeper.containers())[0]?.state === 'running')
  for (const { session } of await keeper.sessions()) await keeper.closeSession(session)
})

await t.test('many times, also with starts and ends, nothing is left open', async (t) => {
  const life = async (id: string): Promise<void> => {
    const { initPid } = await keeper.start(host.plan(id))
    t.match(await keeper.run(execPlan(id, ['echo', id]), 20_000), {
      stdout: Buffer.from(`${id}\n`),
    })
    process.kill(initPid, 'SIGKILL')
    await until(async () => (await keeper.lookup('tank', id)) === null)
  }
  await life('zero')
  await until(() => descriptors() > 0)
  const before = descriptors()
  const lives = Array.from({ length: 12 }, (_, i) => life(`life${i}`))
  for (let i = 0; i < 6; i++) await renewed(t)
  await Promise.all(lives)
  await until(() => descriptors() <= before).catch(() => undefined)
  t.ok(descriptors() <= before, `${descriptors()} open, ${before} before`)
})

await t.test('what cannot be a keeper is refused, and nothing has changed', async (t) => {
  const sessions = await keeper.exec(execPlan('web', ['cat'], { stdin: true }))
  const text = join(host.dir, 'text')
  writeFileSync(text, 'no program\n')
  const refused = { code: 'ERR_KEEPER_RENEWAL', step: 'renew' }
  const running = readFileSync(`/proc/${keeper.pid}/exe`)
  for (const program of [text, '/bin/true', '/bin/busybox', host.dir, '/dev/zero']) {
    await t.test(program, async (t) => {
      useKeeper(t, program)
      await t.rejects(keeper.renew(), refused)
      t.ok(readFileSync(`/proc/${keeper.pid}/exe`).equals(running))
      t.match(await keeper.sessions(), [{ session: sessions.session }])
      t.match(await keeper.run(execPlan('web', ['true']), 20_000), { exit: { code: 0 } })
    })
  }
  for (const fd of [sessions.pidfd, sessions.stdin, sessions.stdout, sessions.stderr]) {
    closeSync(fd ?? -1)
  }
  await keeper.closeSession(sessions.session)
})

await t.test('a keeper of another version can be renewed', async (t) => {
  const connection = new Connection(host.stateDir)
  t.teardown(() => connection.close())
  const hello = (VERSION: number) => connection.request('HELLO', { VERSION })
  await t.rejects(hello(protocolVersion + 1), { code: 'ERR_KEEPER_VERSION' })
  useNextKeeper(t)
  t.equal((await renew(connection)).number('PID'), keeper.pid)
  t.ok(runsKeeper(keeper.pid))
  t.equal((await hello(protocolVersion)).fields.number('PID'), keeper.pid)
})

await t.test('the next keeper adopts what it had', async (t) => {
  const { pid } = keeper
  process.kill(pid, 'SIGKILL')
  await until(() => !keeper.open)
  await using next = await host.connect()
  t.not(next.pid, pid)
  t.match(await next.containers(), [{ id: 'late' }, { id: 'web', initPid: first.initPid }])
  const events = next.events()
  useNextKeeper(t)
  await next.renew()
  t.ok(runsKeeper(next.pid), 'and can be renewed')
  const session = await next.exec(execPlan('web', ['sleep', '0.1']))
  for (const fd of [session.pidfd, session.stdout, session.stderr]) closeSync(fd ?? -1)
  const heard = []
  for await (const { type } of events) {
    heard.push(type)
    if (type === 'session') break
  }
  t.same(heard, ['session'], 'what it has adopted does not start again')
})
