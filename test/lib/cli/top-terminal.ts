// `osctl ct top` at a real terminal: keys, another size, and how it leaves the terminal, however it ends.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { Client, daemonPlace, runOsctld } from '../../helpers/daemon.js'
import { until } from '../../helpers/keeper-host.js'
import { Osctl } from '../../helpers/osctl.js'
import { statusOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'
import { TerminalRun } from '../../helpers/terminal.js'

const t = requires('root', 'userns', 'cgroup', 'liblxc', 'busybox')
const place = await daemonPlace(t)
let osctld = await runOsctld(t, place)
// Also one that a test has begun.
const all = t
const osctl = new Osctl(place.socket)
const program = fileURLToPath(new URL('../../../dist/cli/osctl.cjs', import.meta.url))
const env = { OSCTLD_SOCKET: place.socket, LANG: 'C.UTF-8' }
const top = (t: Test, options = '-r 0.3', size = {}) =>
  new TerminalRun(t, `${process.execPath} ${program} ct top ${options}`, env, size)

await t.test('some that run', async (t) => {
  for (const name of ['web1', 'web2', 'db1']) {
    await osctl.ok(t, `ct new --distribution busybox ${name}`)
    await osctl.ok(t, `ct start ${name}`)
  }
})

/** Names in the order in which they stand, and which is selected. */
const listed = ({ lines }: TerminalRun) =>
  lines.flatMap((line) => /^[ *](tank:\S+|\[host\]) /.exec(line)?.[1] ?? [])

/** Fails unless these are listed in time: a page comes in parts, the line that was waited for before others. */
async function lists(t: Test, run: TerminalRun, names: readonly string[]): Promise<void> {
  await until(() => String(listed(run)) === String(names)).catch(() => undefined)
  t.same(listed(run), names)
}

await t.test('the machine and its containers', async (t) => {
  const run = top(t)
  await run.until(t, /tank:web1 +\d/)
  t.ok(run.full)
  for (const says of [
    /^ct top \d\d:\d\d:\d\d realtime, every 0\.3s; 3 containers run; load [\d. ]+\n/,
    /^Tasks: +\d+ processes, \d+ with threads, .*\d+ sleeping/m,
    /^CPU: +[\d.]+% user, .* idle,/m,
    /^Memory: +[\d.]+[MG] total, /m,
    /^Swap: +/m,
    /^(ARC: +|ZFS: +not on this machine)/m,
    /^ Container +CPU%v +Memory +NProc +Read +Write /m,
    /^[ *]\[host\] +[\d.]+ +[\d.]+[MG] +\d+ /m,
  ])
    await run.until(t, says)
  await until(() => run.lines.length === 30)
  run.type('q')
  await run.isRestored(t, 0)
})

await t.test('keys', async (t) => {
  const run = top(t, '-r 0.3 --no-processes --no-iostat')
  await run.until(t, /tank:web1/)
  t.notMatch(run.text, /^Tasks/m)
  run.type('<')
  await run.until(t, /^ Containerv /m)
  await lists(t, run, ['[host]', 'tank:db1', 'tank:web1', 'tank:web2'])
  run.type('r')
  await run.until(t, /^ Container\^ /m)
  await lists(t, run, ['tank:web2', 'tank:web1', 'tank:db1', '[host]'])
  run.type('\x1b[C\x1b[C')
  await run.until(t, /Memory\^/)
  run.type('\x1bOD\x1b[D\x1b[DR')
  await run.until(t, /^ Containerv /m)
  run.type('m')
  await run.until(t, /cumulative.*\n[^]* CPUv /)
  run.type('m')
  await run.until(t, /realtime/)
  run.type('\x1b[F \x1b[H\x1b[6~\x1b[5~')
  await run.until(t, /^\*tank:web2 /m)
  run.type('?')
  await run.until(t, /PgUp, PgDn, Home, End +select/)
  run.type('?')
  await run.until(t, /tank:web1/)
  run.type('/WEB')
  await run.until(t, /\/WEB_$/)
  await lists(t, run, ['tank:web1', 'tank:web2'])
  run.type('2\x7f1\r')
  await run.until(t, /filter: WEB1$/)
  await lists(t, run, ['tank:web1'])
  run.type('\x1b')
  await run.until(t, /tank:db1/)
  run.type('p')
  await run.until(t, /paused/)
  run.type('p')
  await until(() => !run.text.includes('paused'))
  run.type('\x03')
  await run.isRestored(t, 0)
})

await t.test('the processes of one', async (t) => {
  await osctl.ok(t, [
    'ct',
    'exec',
    'web1',
    'sh',
    '-c',
    'sleep 4242 >/dev/null 2>&1 & printf "\\033[31m" >/dev/null',
  ])
  const run = top(t)
  await run.until(t, /tank:web1/)
  run.type('/web1\r\r')
  await run.until(t, /processes of tank:web1/)
  await run.until(t, /^ +\d+ +\d+ +0 S +[\d.]+ +[\d.]+s +.*sleep 4242$/m)
  run.type('/4242')
  await run.until(t, /\/4242_/)
  await until(() => !run.text.includes('init'))
  run.type('\rq')
  await run.until(t, /tank:web1 +[\d.]+/)
  run.type('\x1b[H/\x7f\x7f\x7f\x7fhost\rt')
  await run.until(t, /osctl ct ps -/)
  run.type('q')
  await run.isRestored(t, 0)
})

await t.test('another size', async (t) => {
  const run = top(t)
  await run.until(t, /tank:web1/)
  run.resize(12, 60)
  await until(
    () => run.lines.length <= 30 && run.lines.slice(0, 12).every((line) => line.length <= 60),
  )
  await run.until(t, /^ Container +CPU%v/m)
  await run.until(t, /\[host\]/)
  run.resize(40, 200)
  await until(() => run.lines.length === 40)
  await run.until(t, /RXpkt/)
  run.resize(2, 10)
  run.resize(1, 1)
  run.resize(24, 80)
  await until(() => run.lines.length === 24)
  // Not at once: stty(1) sets the rows first, and then the columns.
  await run.until(t, /^ct top/)
  run.type('q')
  await run.isRestored(t, 0)
})

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGQUIT', 131],
] as const) {
  await t.test(`ended by ${signal}`, async (t) => {
    const run = top(t, '-r 100')
    await run.until(t, /tank:web1/)
    process.kill(run.pid, signal)
    await run.isRestored(t, code)
  })
}

await t.test('put aside, and fetched again; a signal has it look at once', async (t) => {
  const run = top(t, '-r 1000')
  await run.until(t, /tank:web1/)
  await osctl.ok(t, 'ct stop -k web2')
  process.kill(run.pid, 'SIGUSR1')
  await run.until(t, /2 containers run/)
  await until(() => !run.text.includes('tank:web2'))
  for (const stop of [() => run.type('\x1a'), () => process.kill(run.pid, 'SIGTSTP')]) {
    stop()
    await until(() => !run.full)
    // It stops a moment after it has left the page.
    await until(() => statusOf(run.pid)?.get('State')?.startsWith('T') === true)
    process.kill(run.pid, 'SIGCONT')
    await until(() => run.full)
    await run.until(t, /tank:web1/)
  }
  run.type('q')
  await run.isRestored(t, 0)
})

await t.test('a daemon that goes away is told of, and found again', async (t) => {
  const run = top(t)
  await run.until(t, /tank:web1/)
  osctld.kill()
  await once(osctld, 'exit')
  await run.until(t, /osctld does not answer at /)
  // What was known is still there.
  await run.until(t, /tank:web1/)
  osctld = await runOsctld(all, place)
  await until(() => !run.text.includes('does not answer'))
  await run.until(t, /tank:web1 +\d/)
  run.type('q')
  await run.isRestored(t, 0)
})

await t.test('a terminal that hangs up', async (t) => {
  const run = top(t)
  await run.until(t, /tank:web1/)
  const { pid } = run
  run.hangUp()
  const there = () => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  await until(() => !there())
  t.pass('it has ended')
})

await t.test('a daemon that refuses, or makes no sense', async (t) => {
  const load = (await new Client(place.socket).ask('GET /v1/host/load')).text
  const directory = mkdtempSync(join(tmpdir(), 'top-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  for (const [status, answer, says] of [
    [422, '{"error":{"code":"ERR_UNSUPPORTED","message":"no load here"}}', /error: no load here/],
    [200, '{"atUs":1}', /error: .*undefined/],
  ] as const) {
    const socket = join(directory, `${status}`)
    let asked = 0
    const server = createServer((_request, response) => {
      const first = asked++ === 0
      response.writeHead(first ? 200 : status, { 'content-type': 'application/json' })
      response.end(first ? load : answer)
    })
    server.listen(socket)
    await once(server, 'listening')
    t.teardown(() => server.close())
    const run = new TerminalRun(t, `${process.execPath} ${program} ct top`, {
      ...env,
      OSCTLD_SOCKET: socket,
    })
    await run.isRestored(t, 1)
    t.match(run.raw.replace('\x1b[31merror:\x1b[0m', 'error:'), says)
    t.match(run.raw, /1049h/, 'it had begun')
  }
})

await t.test('where it cannot be', async (t) => {
  await osctl.fails(t, 'ct top', /needs a terminal/)
  const dumb = new TerminalRun(t, `${process.execPath} ${program} ct top`, { ...env, TERM: 'dumb' })
  await dumb.until(t, /error: ct top needs a terminal/)
  await dumb.isRestored(t, 1)
  const alone = new TerminalRun(t, `${process.execPath} ${program} ct top`, {
    ...env,
    OSCTLD_SOCKET: '/nonexistent',
  })
  await alone.until(t, /error: osctld does not answer/)
  await alone.isRestored(t, 1)
  t.notMatch(alone.raw, /1049/, 'the screen was not taken')
})

await t.test('without colours', async (t) => {
  const run = new TerminalRun(t, `${process.execPath} ${program} ct top`, { ...env, NO_COLOR: '1' })
  await run.until(t, /tank:web1/)
  // eslint-disable-next-line no-control-regex -- that there are none
  t.notMatch(run.raw, /\x1b\[[\d;]*3\dm/)
  run.type('q')
  await run.isRestored(t, 0)
})
