// Closing a host settles everything that waits for something of it. What runs does not notice.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Host, type Container } from 'vpsadminos'
import { arm } from '../../../dist/step.js'
import { busybox, busyboxImage, text } from '../../helpers/host.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost } from '../../helpers/system.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
const options = lastingHost(t)
const image = busyboxImage(t)
const deaf = ['/bin/sh', '-c', "trap '' TERM USR1 USR2 PWR INT; while :; do sleep 1; done"]
// Whether it heeds its signal is asked for in vain for some seconds.
const sleeper = ['/bin/sleep', '1000']

/** How it settled: `closed`, or what came instead. */
async function outcome(promise: Promise<unknown>): Promise<unknown> {
  const settled = promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
  return Promise.race([settled, sleep(upTo(3000), 'pending', { ref: false })])
}

await t.test('every promise is settled, every iterable ends', async (t) => {
  let host = await Host.open(options)
  await host.pools.install(options.pools[0])
  await host.images.import({ path: image, distribution: 'busybox', version: '1' })
  const make = async (id: string, initCmd?: string[]): Promise<Container> => {
    const more = initCmd === undefined ? {} : { initCmd }
    const made = await host.containers.create({ id, image: busybox, ...more })
    await made.start()
    return made
  }
  const ct = await make('one')
  const [slow, again, sleeping] = [
    await make('slow', deaf),
    await make('again', deaf),
    await make('sleeping', sleeper),
  ]
  const stopped = await host.containers.create({ id: 'stopped', image: busybox })
  const { initPid } = ct.show()
  const session = await ct.spawn([
    'sh',
    '-c',
    'until [ -e /go ]; do sleep 1; done; echo late; exit 6',
  ])
  const lost = await ct.spawn(['sleep', '1000'])
  const terminal = await ct.spawn(['sh'], { tty: true })
  const console = ct.console()
  const silent = stopped.console()
  await console.write('\n')

  const rejected = {
    exec: ct.exec(['sleep', '1000']),
    'exec with a limit': ct.exec(['sleep', '1000'], { timeout: 100_000 }),
    'exec with input': ct.exec(['sleep', '1000'], { stdin: 'x'.repeat(300_000) }),
    exit: session.exit,
    stdout: text(session.stdout),
    terminal: text(terminal.stdout),
    wait: ct.wait('stopped'),
    'wait of a stopped one': stopped.wait('running', { timeout: 100_000 }),
    stop: slow.stop(),
    'stop, not told yet': sleeping.stop(),
    reboot: again.reboot(),
  }
  const ended = {
    events: text(host.events() as unknown as AsyncIterable<string>),
    'events, replayed': text(
      host.events({ since: { epoch: '', seq: 0 } }) as unknown as AsyncIterable<string>,
    ),
    console: text(console),
    'console of a stopped one': text(silent),
  }
  for (const promise of Object.values({ ...rejected, ...ended })) promise.catch(() => undefined)
  await sleep(300)
  // These have only begun.
  const begun = {
    'exec that begins': ct.exec(['sleep', '1000']),
    'spawn that begins': ct.spawn(['sleep', '1000']),
    'start that begins': stopped.start(),
    'import that begins': host.images.import({ path: image, distribution: 'other', version: '1' }),
    'create that begins': host.containers.create({ id: 'new', image: busybox }),
  }
  for (const promise of Object.values(begun)) promise.catch(() => undefined)
  const begin = performance.now()
  await host.close()
  for (const [what, promise] of Object.entries({ ...rejected, ...begun })) {
    t.equal(await outcome(promise), 'ERR_CLOSED', what)
  }
  for (const [what, promise] of Object.entries(ended)) {
    t.equal(await outcome(promise), 'resolved', what)
  }
  t.ok(performance.now() - begin < upTo(5000), 'in a moment')

  // And after it.
  const after = {
    exec: ct.exec(['true']),
    spawn: ct.spawn(['true']),
    wait: ct.wait('stopped'),
    start: stopped.start(),
    stop: ct.stop(),
    sessions: ct.sessions(),
  }
  for (const [what, promise] of Object.entries(after)) {
    t.equal(await outcome(promise), 'ERR_CLOSED', `${what}, after it`)
  }
  t.throws(() => session.kill(), { code: 'ERR_CLOSED' })
  t.throws(() => ct.console(), { code: 'ERR_CLOSED' })
  t.throws(() => host.events(), { code: 'ERR_CLOSED' })
  await session.close()

  host = await Host.open(options)
  const found = host.containers.get('one')
  t.match(found.show(), { state: 'running', initPid })
  const sessions = await found.sessions()
  for (const id of [session.id, lost.id, terminal.id]) {
    t.match(
      sessions.find((one) => one.session === id),
      { exit: null },
      'sessions go on',
    )
  }
  await using resumed = await found.session(session.id)
  await found.push('/go', '')
  t.equal(await text(resumed.stdout), 'late\n')
  t.match(await resumed.exit, { exitCode: 6 })
  for (const id of ['slow', 'again', 'sleeping']) {
    t.equal(host.containers.get(id).state, 'running', `${id} was left alone`)
  }
  await host.close()
})

await t.test('a temporary host settles them, too', async (t) => {
  const host = await Host.temporary()
  await host.images.import({ path: image, distribution: 'busybox', version: '1' })
  const ct = await host.containers.create({ id: 'one', image: busybox })
  const other = await host.containers.create({ id: 'two', image: busybox })
  await ct.start()
  const session = await ct.spawn(['sleep', '1000'])
  const pending = {
    exec: ct.exec(['sleep', '1000']),
    exit: session.exit,
    stdout: text(session.stdout),
    wait: other.wait('running'),
  }
  for (const promise of Object.values(pending)) promise.catch(() => undefined)
  const printed = text(ct.console())
  await sleep(100)
  await host.close()
  for (const [what, promise] of Object.entries(pending)) {
    t.equal(await outcome(promise), 'ERR_CLOSED', what)
  }
  t.equal(await outcome(printed), 'resolved')
})

await t.test('what cannot be given up any more ends before others have the pool', async (t) => {
  const first = await Host.open(options)
  const ct = await first.containers.create({ id: 'going', image: busybox })
  const { path } = ct.record.file
  let closing = Promise.resolve()
  const controller = new AbortController()
  const reached = once(controller.signal, 'abort')
  controller.signal.addEventListener('abort', () => {
    closing = first.close()
  })
  arm({ how: 'abort', step: 'delete.rootfs', controller })
  const ended = t.rejects(ct.delete(), { code: 'ERR_CLOSED' }, 'its user is for who is next')
  await reached
  await closing
  t.notOk(existsSync(path))
  await ended
  await using host = await Host.open(options)
  t.same(host.pools.get('tank').show().broken, [])
  t.equal(host.users.find('going'), null)
  await (await host.containers.create({ id: 'going', image: busybox })).delete()
})

for (const step of ['import.locked', 'import.tidied', 'import.active'] as const) {
  await t.test(`an import of a pool is over, too, after ${step}`, async (t) => {
    const first = await Host.open({ ...options, pools: [] })
    let closing = Promise.resolve()
    const controller = new AbortController()
    const reached = once(controller.signal, 'abort')
    controller.signal.addEventListener('abort', () => {
      closing = first.close()
    })
    arm({ how: 'abort', step, controller })
    let over = false
    const imported = outcome(first.pools.import(options.pools[0])).finally(() => (over = true))
    await reached
    await closing
    t.ok(over)
    t.equal(await imported, 'ERR_CLOSED')
    await using host = await Host.open(options)
    t.equal(host.containers.get('one').state, 'running')
  })
}

await t.test('the process ends by itself, whatever was open', async (t) => {
  const script = `
    import { Host } from ${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)}
    const host = await Host.open(${JSON.stringify(options)})
    const ct = host.containers.get('one')
    const quiet = (promise) => void promise.catch(() => undefined)
    const read = async (items) => { for await (const _ of items); }
    const console_ = ct.console()
    quiet(read(console_))
    await console_.write('\\n')
    const typed = ct.console()
    await typed.write('\\n')
    const session = await ct.spawn(['sleep', '1000'])
    session.stdout.on('data', () => undefined)
    const terminal = await ct.spawn(['sh'], { tty: true })
    terminal.stdout.on('data', () => undefined)
    quiet(read(session.stderr))
    quiet(ct.exec(['sleep', '1000'], { timeout: 1_000_000 }))
    quiet(ct.wait('stopped', { timeout: 1_000_000 }))
    quiet(read(host.events()))
    setTimeout(() => void host.close().then(() => console.log('closed')), 200)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  t.strictSame(await Promise.race([exited, sleep(upTo(5000), 'still there', { ref: false })]), [
    0,
    null,
  ])
})
