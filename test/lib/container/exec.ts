// Programs inside a container: run to their end, or held as sessions.
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Session } from '../../../dist/index.js'
import { startedContainer, text, temporaryHost } from '../../helpers/host.js'
import { cgroupsBelow } from '../../helpers/hierarchies.js'
import { until } from '../../helpers/keeper-host.js'
import { armKeeper } from '../../helpers/keeper-steps.js'
import { requires } from '../../helpers/requires.js'
import { aWhile, timeFactor, upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await startedContainer(host, { id: 'one' })
await ct.push('/etc/passwd', 'root:x:0:0::/root:/bin/sh\nweb:x:1000:1001::/home/web:/bin/sh\n')
await ct.push('/etc/group', 'root:x:0:\nweb:x:1001:\nwww:x:1002:mail,web\n')
await ct.exec(['mkdir', '-p', '/home/web'], { cwd: '/' })

function abortedAfter(ms: number, reason: Error): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), ms)
  return controller.signal
}

/** How many processes in it are of that program; not every busybox has a pgrep. */
async function running(program: string): Promise<number> {
  const { stdout } = await ct.exec(['ps'])
  const itself = new RegExp(`(?<!setsid )\\b${program}\\b`) // no setsid that is still to become it
  return stdout.split('\n').filter((line) => itself.test(line)).length
}

await t.test('output, status and signal', async (t) => {
  t.same(await ct.exec(['sh', '-c', 'echo out; echo err >&2; exit 3']), {
    stdout: 'out\n',
    stderr: 'err\n',
    exitCode: 3,
    signal: null,
  })
  t.match(await ct.exec(['sh', '-c', 'kill -9 $$']), { exitCode: null, signal: 'SIGKILL' })
  t.match(await ct.exec(['sh', '-c', 'sleep 0.2; echo late']), { stdout: 'late\n', exitCode: 0 })
})

await t.test('output as bytes', async (t) => {
  const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x0a])
  const print = String.raw`printf '\377\000\376\n'; printf '\200' >&2`
  const at = { encoding: 'buffer' } as const
  const once = await ct.exec(['sh', '-c', print], at)
  const later = await ct.exec(['sh', '-c', `sleep 0.1; ${print}`], at)
  for (const { stdout, stderr } of [once, later]) {
    t.ok(stdout.equals(bytes))
    t.ok(stderr.equals(Buffer.from([0x80])))
  }
  const { stdout } = await ct.exec(['cat'], { ...at, stdin: bytes })
  t.ok(stdout.equals(bytes))
  t.equal((await ct.exec(['printf', '\\303\\251'], { encoding: 'utf8' })).stdout, 'é')
  await t.rejects(ct.exec(['true'], { encoding: 'hex' as never }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'exec.encoding',
  })
})

await t.test('signals are as a new program expects them', async (t) => {
  const { stdout } = await ct.exec(['grep', '^Sig[BI]', '/proc/self/status'])
  t.match(stdout, /^SigBlk:\t0+\nSigIgn:\t0+\n$/)
})

await t.test('an end by time does not wait for what was left behind', async (t) => {
  const begin = performance.now()
  await t.rejects(ct.exec(['sh', '-c', 'setsid sleep 30 & sleep 100'], { timeout: aWhile(300) }), {
    code: 'ERR_TIMEOUT',
  })
  t.ok(performance.now() - begin < aWhile(300) + 15_000)
})

await t.test('streams can be opened by their names', async (t) => {
  const args = ['sh', '-c', 'echo out > /dev/stdout; echo err > /dev/stderr']
  t.match(await ct.exec(args), { stdout: 'out\n', stderr: 'err\n', exitCode: 0 })
  t.match(await ct.exec(args, { user: 1000 }), { stdout: 'out\n', stderr: 'err\n' })
})

await t.test('more than fits is refused before anything happens', async (t) => {
  await t.rejects(ct.exec(['true', ...Array<string>(4100).fill('a')]), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'exec.args',
  })
  for (const large of [
    ct.exec(['true', 'a'.repeat(130 * 1024)]),
    ct.exec(['true'], { cwd: `/${'a'.repeat(130 * 1024)}` }),
    ct.exec(['true', 'a'.repeat(70 * 1024)], { cwd: `/${'a'.repeat(70 * 1024)}` }),
  ])
    await t.rejects(large, { code: 'ERR_INVALID_ARGUMENT' })
  t.match(await ct.exec(['true', ...Array<string>(3000).fill('a')]), { exitCode: 0 })
  for (const user of [2 ** 32 - 1, 2 ** 32, 1.5, NaN, -1, '', { uid: 2 ** 32 - 1, gid: 0 }]) {
    await t.rejects(
      ct.exec(['id'], { user }),
      { code: 'ERR_INVALID_ARGUMENT' },
      JSON.stringify(user),
    )
  }
})

await t.test('a guest that freezes what comes in keeps nobody waiting', async (t) => {
  // It looks for leaves of sessions and freezes them, on whichever version has a freezer.
  const hostile = await ct.spawn([
    'sh',
    '-c',
    'while :; do for p in /proc/[0-9]*; do kill -STOP ${p#/proc/} 2>/dev/null; done; done',
  ])
  await sleep(100)
  const begin = performance.now()
  const outcomes = await Promise.allSettled(
    [1, 2, 3, 4].map(() => ct.exec(['sleep', '0.2'], { timeout: 500 })),
  )
  t.ok(performance.now() - begin < upTo(20_000), 'in time')
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') t.match(outcome.reason, { code: /^ERR_(TIMEOUT|STATE)$/ })
  }
  await hostile.close()
  t.match(await ct.exec(['echo', 'still here'], { timeout: upTo(20_000) }), {
    stdout: 'still here\n',
  })
})

await t.test('environment, directory, user', async (t) => {
  const env = (await ct.exec(['env'], { env: { A: 'b c', USER: undefined } })).stdout
  t.same(env.trim().split('\n').sort(), [
    'A=b c',
    'HOME=/root',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    'container=lxc',
  ])
  t.equal((await ct.exec(['pwd'], { cwd: '/etc' })).stdout, '/etc\n')
  const who = async (user: string | number | { uid: number; gid: number; groups?: number[] }) =>
    (await ct.exec(['sh', '-c', 'id -u; id -g; id -G; pwd'], { user })).stdout.trim().split('\n')
  t.same(await who('web'), ['1000', '1001', '1001 1002', '/home/web'])
  t.same(await who(1000), ['1000', '1001', '1001 1002', '/home/web'])
  t.same(await who({ uid: 7, gid: 8, groups: [9] }), ['7', '8', '8 9', '/'])
  await t.rejects(ct.exec(['id'], { user: 'nobody-here' }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'exec.user',
  })
})

await t.test('input', async (t) => {
  t.match(await ct.exec(['cat']), { stdout: '', exitCode: 0 }, 'none is /dev/null')
  t.equal((await ct.exec(['wc', '-c'], { stdin: 'x'.repeat(300_000) })).stdout.trim(), '300000')
  t.match(await ct.exec(['true'], { stdin: 'x'.repeat(300_000) }), { exitCode: 0 })
})

await t.test('too much output, too much time, enough', async (t) => {
  await t.rejects(ct.exec(['sh', '-c', 'yes | head -c 5000'], { maxBuffer: 4999 }), {
    code: 'ERR_OUTPUT_LIMIT',
    stream: 'stdout',
    maxBuffer: 4999,
  })
  await t.rejects(ct.exec(['yes'], { maxBuffer: 100_000 }), { code: 'ERR_OUTPUT_LIMIT' })
  await t.rejects(ct.exec(['sleep', '60'], { timeout: 100 }), { code: 'ERR_TIMEOUT' })
  const reason = new Error('enough')
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), 100)
  await t.rejects(ct.exec(['sleep', '60'], { signal: controller.signal }), reason)
  await t.rejects(ct.exec(['sleep', '60'], { signal: AbortSignal.abort(reason) }), reason)
  await until(async () => (await running('sleep')) === 0)
  await until(async () => (await running('yes')) === 0)
  t.pass('all were killed')
  await until(async () => (await ct.sessions()).length === 0)
})

/** Cgroups of sessions that the host still has. */
function leaves(): string[] {
  return cgroupsBelow(host.cgroupRoot).filter((path) => /\/osctl\.session-[^/]*$/.test(path))
}

await t.test('what is given up is killed with all that it has started', async (t) => {
  if ((await host.features()).cgroups.layout === 'legacy') {
    t.comment('there is no cgroup of v2')
    return
  }
  const args = ['sh', '-c', 'sleep 1000 & setsid sleep 1000 & echo up; echo bad >&2; sleep 1000']
  const printed = { stdout: 'up\n', stderr: 'bad\n' }
  await t.rejects(ct.exec(args, { timeout: aWhile(1000) }), { code: 'ERR_TIMEOUT', ...printed })
  await until(async () => (await running('sleep')) === 0)

  const reason = new Error('enough')
  await t.rejects(ct.exec(args, { signal: abortedAfter(300, reason) }), reason)
  await until(async () => (await running('sleep')) === 0)

  // The program itself has ended, and something holds its output.
  const left = ['sh', '-c', 'sleep 1000 & echo hi']
  await t.rejects(ct.exec(left, { timeout: aWhile(1000) }), { code: 'ERR_TIMEOUT', stdout: 'hi\n' })
  await until(async () => (await running('sleep')) === 0)

  const loud = ['sh', '-c', `sleep 1000 & echo oops >&2; sleep ${aWhile(500) / 1000}; yes`]
  const limit = { code: 'ERR_OUTPUT_LIMIT', stdout: 'y\ny\ny', stderr: 'oops\n' }
  await t.rejects(ct.exec(loud, { maxBuffer: 5 }), limit)
  await until(async () => (await running('sleep')) === 0)

  const controller = new AbortController()
  const session = await ct.spawn(args, { signal: controller.signal })
  session.stderr?.resume()
  await once(session.stdout, 'data')
  controller.abort(reason)
  t.match(await session.exit, { signal: 'SIGKILL' })
  await until(async () => (await running('sleep')) === 0)
  await session.close()
  await until(() => leaves().length === 0)
  t.same(await ct.sessions(), [])
})

await t.test('what ends as it should keeps its daemons', async () => {
  await ct.exec(['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 &'], { timeout: upTo(10_000) })
  const session = await ct.spawn(['sh', '-c', 'setsid sleep 1000 >/dev/null 2>&1 &'])
  await session.exit
  await session.close()
  await until(async () => (await running('sleep')) === 2)
  await ct.exec(['sh', '-c', 'kill $(pidof sleep)'])
  await until(async () => (await running('sleep')) === 0)
})

await t.test('what was printed in time is not lost', async (t) => {
  const much = { code: 'ERR_OUTPUT_LIMIT', stdout: 'ab', stderr: 'cd' }
  // With time to read the one before there is too much of the other.
  for (const pause of ['', `sleep ${aWhile(1000) / 1000}; `]) {
    const script = `printf cd >&2; ${pause}echo abc`
    const read = pause === '' ? { ...much, stderr: /^(cd)?$/ } : much
    await t.rejects(ct.exec(['sh', '-c', script], { maxBuffer: 2 }), read)
  }
  const none = { code: 'ERR_TIMEOUT', stdout: '', stderr: '' }
  await t.rejects(ct.exec(['sleep', '1000'], { timeout: 1 }), none)
})

await t.test('sessions that are over close themselves', async (t) => {
  const descriptors = (pid: number | 'self') => readdirSync(`/proc/${pid}/fd`).length
  const keeper = await host.keeperPid()
  const round = async () => {
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const session = await ct.spawn(['echo', 'hi'], { tty: i % 10 === 0 })
        session.stderr?.resume()
        const [stdout] = await Promise.all([text(session.stdout), session.exit])
        t.match(stdout, /^hi/)
        // As before: it has ended, and is not closed by the caller.
        t.equal(session.kill(), false)
        await session.resize(10, 10)
        if (i % 3 === 0) await session.close()
      }),
    )
    await until(async () => (await ct.sessions()).length === 0)
  }
  await round()
  const [ours, theirs] = [descriptors('self'), descriptors(keeper)]
  await round()
  await until(() => descriptors('self') <= ours && descriptors(keeper) <= theirs)

  const unread = await ct.spawn(['echo', 'hi'])
  await unread.exit
  await sleep(50)
  t.match(await ct.sessions(), [{ session: unread.id }], 'nobody has read its output')
  unread.stdout.destroy()
  unread.stderr?.destroy()
  await until(async () => (await ct.sessions()).length === 0)
  await unread.close()

  const closing = await ct.spawn(['true'])
  closing.stdout.resume()
  closing.stderr?.resume()
  await closing.exit
  await closing.close()
  t.same(await ct.sessions(), [], 'close() waits for the closing that is under way')
})

await t.test('what cannot be run', async (t) => {
  await t.rejects(ct.exec(['/no/such/program']), { code: 'ENOENT' })
  await t.rejects(ct.exec(['/etc/passwd']), { code: 'EACCES' })
  await t.rejects(ct.exec([]), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.exec(['', 'a']), { code: 'ERR_INVALID_ARGUMENT', argument: 'exec.args' })
  await t.rejects(ct.exec(['a\0b']), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.exec(['true'], { env: { 'A=B': 'c' } }), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.exec(['true'], { cwd: 'etc' }), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.exec(['true'], { timeout: NaN }), { code: 'ERR_INVALID_ARGUMENT' })
  await t.rejects(ct.spawn(['true'], { tty: true, stdin: false }), {
    code: 'ERR_INVALID_ARGUMENT',
    argument: 'spawn.stdin',
  })
})

await t.test('what is killed on its way in says how it ended', async (t) => {
  await armKeeper(host, { step: 'session.entered', how: 'kill', pid: 0 })
  const message = `'one' while it was started: the process on the way in was ended by signal 9`
  await t.rejects(ct.exec(['true']), { code: 'ERR_EXEC_KILLED', message })
  await armKeeper(host, null)
  t.equal((await ct.exec(['true'])).exitCode, 0)
})

await t.test('a session has streams, and its input can end before its output', async (t) => {
  await using session = await ct.spawn(['sh', '-c', 'cat; echo end; sleep 0.2; echo late >&2'])
  session.stdin?.write('one\n')
  session.stdin?.end('two\n')
  const [stdout, stderr, exit] = await Promise.all([
    text(session.stdout),
    session.stderr === null ? '' : text(session.stderr),
    session.exit,
  ])
  t.equal(stdout, 'one\ntwo\nend\n')
  t.equal(stderr, 'late\n')
  t.same(exit, { exitCode: 0, signal: null })
})

await t.test('a session with a terminal: size, keys, signals', async (t) => {
  await using session = await ct.spawn(['sh'], { tty: { rows: 30, cols: 100 } })
  t.ok(session.tty)
  t.equal(session.stderr, null)
  let seen = ''
  session.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()))
  const until = async (pattern: RegExp) => {
    for (let tries = 0; !pattern.test(seen) && tries < upTo(500); tries++) await sleep(20)
    t.match(seen, pattern)
  }
  session.stdin?.write('stty size\n')
  await until(/30 100\r\n/)
  await session.resize(50, 120)
  session.stdin?.write('stty size\n')
  await until(/50 120\r\n/)
  session.stdin?.write("trap 'echo got''it' INT; echo rea''dy\n")
  await until(/ready\r\n/)
  session.stdin?.write('\x03')
  await until(/gotit/)
  session.stdin?.write('exit 4\n')
  t.same(await session.exit, { exitCode: 4, signal: null })
  if (!session.stdout.readableEnded) await once(session.stdout, 'end')
})

await t.test('a signal reaches the program, and its end is told', async (t) => {
  await using session = await ct.spawn([
    'sh',
    '-c',
    "trap 'exit 9' TERM; echo up; while :; do sleep 0.1; done",
  ])
  await once(session.stdout, 'readable')
  t.ok(session.kill('SIGTERM'))
  t.same(await session.exit, { exitCode: 9, signal: null })
  t.notOk(session.kill('SIGTERM'))
})

await t.test('a session is found again, with the output that nobody has read', async (t) => {
  const first = await ct.spawn(['sh', '-c', 'echo early; sleep 0.3; echo later; exit 5'])
  const { id } = first
  await first.detach()
  await until(async () => (await ct.sessions()).every(({ exit }) => exit !== null))
  t.match(await ct.sessions(), [{ session: id, args: ['sh', '-c'], exit: { code: 5 } }])
  await using again = await ct.session(id)
  t.equal(await text(again.stdout), 'early\nlater\n')
  t.same(await again.exit, { exitCode: 5, signal: null })
  await again.close()
  t.same(await ct.sessions(), [])
  await t.rejects(ct.session(id), { code: 'ERR_NOT_FOUND', kind: 'session' })
})

await t.test('sessions are listed however long their command lines are', async (t) => {
  const sizes = [60, 118, 20].map((size) => size * 1024)
  const sessions: Session[] = []
  for (const size of sizes)
    sessions.push(await ct.spawn(['sh', '-c', 'sleep 60', 'a'.repeat(size)], { stdin: false }))
  const listed = (await ct.sessions()).map(({ args }) => args[3]?.length)
  t.same(listed, sizes)
  for (const session of sessions) await session.close()
})

await t.test('input that was written is the program’s, whoever lets go', async (t) => {
  const first = await ct.spawn(['sh', '-c', 'sleep 0.3; cat'])
  for (const part of ['one ', 'two ', 'three ', 'four']) first.stdin?.write(part)
  first.stdin?.end()
  await first.detach()
  await using again = await ct.session(first.id)
  t.equal(await text(again.stdout), 'one two three four', 'all of it, and the end')

  const stuck = await ct.spawn(['sleep', '60'])
  const written = new Promise((resolve) => stuck.stdin?.write(Buffer.alloc(2 ** 22), resolve))
  await stuck.detach()
  t.match(
    await written,
    { code: 'ERR_CLOSED' },
    'more than the kernel takes is not said to be written',
  )
  await (await ct.session(stuck.id)).close()

  const deaf = await ct.spawn(['sh', '-c', 'exec <&-; echo closed; sleep 60'])
  await once(deaf.stdout, 'data')
  for (let i = 0; i < 3; i++) {
    const written = new Promise((resolve) => deaf.stdin?.write(Buffer.alloc(2 ** 16), resolve))
    t.same(await written, null)
  }
  await deaf.close()
})

await t.test('what a program has no use for is discarded, and tells so', async (t) => {
  const short = await ct.spawn(['head', '-c', '1'])
  short.stdout.resume()
  short.stderr?.resume()
  for (let i = 0; i < 40; i++) {
    if (short.stdin?.write(Buffer.alloc(100_000)) === false) await once(short.stdin, 'drain')
  }
  await short.exit
  t.same(await new Promise((resolve) => short.stdin?.write('x', resolve)), null)
  await new Promise<void>((resolve) => short.stdin?.end(resolve))
  await short.close()
})

await t.test('who lets go of a program that reads has written all of it', async (t) => {
  const session = await ct.spawn(['sh', '-c', 'wc -c; sleep 60'])
  for (let i = 0; i < 100; i++) session.stdin?.write(Buffer.alloc(10_000))
  session.stdin?.end()
  await session.detach()
  const again = await ct.session(session.id)
  again.stdout.once('data', (count: Buffer) => t.equal(count.toString().trim(), '1000000'))
  await once(again.stdout, 'data')
  await again.detach()
  await session.close()
  t.same(await ct.sessions(), [], 'closing kills it, whoever has let go')
})

await t.test('a session in a frozen container is closed all the same', async (t) => {
  const session = await ct.spawn(['sleep', '60'], { stdin: false })
  await ct.freeze()
  await session.close()
  await ct.thaw()
  t.match(await session.exit, { signal: 'SIGKILL' })
  await until(async () => (await ct.sessions()).length === 0)
})

await t.test('closing a session kills what still runs', async (t) => {
  const session = await ct.spawn(['sleep', '60'])
  await session.close()
  await session.close()
  t.same(await session.exit, { exitCode: null, signal: 'SIGKILL' })
  t.throws(() => session.kill(), { code: 'ERR_CLOSED' })
  t.equal(await running('sleep'), 0)
})

await t.test('many at once', async (t) => {
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, i) => ct.exec(['sh', '-c', `echo ${i}; exit ${i}`])),
  )
  for (const [i, { stdout, exitCode }] of results.entries()) {
    if (stdout !== `${i}\n` || exitCode !== i) t.fail(`${i}: ${stdout} ${exitCode}`)
  }
  t.pass('each has its own answer')
})

await t.test('one signal may be that of all', async (t) => {
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  const controller = new AbortController()
  const { signal } = controller
  const sessions = await Promise.all(
    Array.from({ length: 14 }, () => ct.spawn(['sleep', '60'], { signal })),
  )
  const waiting = Array.from({ length: 14 }, () => ct.wait('stopped', { signal }))
  const refused = Promise.all(waiting.map((one) => t.rejects(one, { name: 'AbortError' })))
  await sleep(20)
  controller.abort()
  for (const session of sessions) {
    t.match(await session.exit, { signal: 'SIGKILL' })
    await session.close()
  }
  await refused
  t.same(warnings, [])
  process.off('warning', warned)
})

await t.test('a container that is killed ends, whatever is being started in it', async (t) => {
  // That it ends is waited for a second, after which its programs were killed by somebody.
  const code = timeFactor === 1 ? 'ERR_STATE' : /^ERR_(STATE|EXEC_KILLED)$/
  for (const delay of [0, 1, 3, 10, 30]) {
    const started = Promise.all(
      Array.from({ length: 30 }, () => ct.exec(['sleep', '60']).catch((error: unknown) => error)),
    )
    await sleep(delay)
    const { tookMs } = await ct.stop({ method: 'kill' })
    t.ok(tookMs < upTo(10_000), `after ${delay} ms: ${tookMs.toFixed(0)} ms`)
    for (const outcome of await started) {
      if (outcome instanceof Error) t.match(outcome, { code })
      else t.match(outcome, { signal: 'SIGKILL' })
    }
    await ct.start()
  }
})

await t.test('a stopped container runs nothing', async (t) => {
  await ct.stop({ method: 'kill' })
  await t.rejects(ct.exec(['true']), { code: 'ERR_STATE', state: 'stopped' })
})
