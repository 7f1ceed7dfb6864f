// The process that embeds the engine is killed, the keeper is killed, both are: containers do not
// notice, and who comes next finds everything.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { Host, type Console } from 'vpsadminos'
import { first, text } from '../helpers/host.js'
import { until } from '../helpers/keeper-host.js'
import { runsKeeper, useKeeper, useNextKeeper } from '../helpers/next-keeper.js'
import { requires } from '../helpers/requires.js'
import { busyboxArchive, lastingHost } from '../helpers/system.js'

const t = requires('root', 'userns', 'liblxc', 'busybox', 'tar')

const options = lastingHost(t)
const archive = await busyboxArchive(t)

/** Another process that has the host open, runs the script, says something, and waits to be killed. */
async function embedding(script: string): Promise<{ said: Said; child: ChildProcess }> {
  const text = `
    import { Host } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const options = ${JSON.stringify(options)}
    const archive = ${JSON.stringify(archive)}
    const host = await Host.open(options)
    const say = (what) => console.log(JSON.stringify(what))
    setInterval(() => {}, 1000)
    ${script}
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { said: JSON.parse(line.toString()) as Said, child }
}

interface Said {
  initPid: number
  keeper: number
  pipes: number
  terminal: number
  position: { epoch: string; seq: number }
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.signalCode === null) await once(child, 'exit')
}

/** Reads until the console has printed that. */
async function printed(console: Console, what: RegExp): Promise<string> {
  let output = ''
  await first(console, (chunk) => what.test((output += chunk.toString())))
  return output
}

const make = `
  await host.pools.install(options.pools[0])
  await host.images.import({ path: archive, distribution: 'busybox', version: '1' })
  const made = await host.containers.create({ id: 'one', image: { distribution: 'busybox' } })
  await made.start()
`
const work = `
  const ct = host.containers.get('one')
  const { initPid } = ct.show()
  const events = host.events()
  await ct.set({ autostart: true })
  const { value: position } = await events.next()
  const console_ = ct.console()
  const typed = (async () => {
    let output = ''
    for await (const chunk of console_) if ((output += chunk).includes('typed before')) return
  })()
  await console_.write('\\n')
  await console_.write('echo typed before\\n')
  await typed
  const pipes = await ct.spawn(['sh', '-c', 'echo early; read line; echo "$line, late"; exit 6'])
  const terminal = await ct.spawn(['sh'], { tty: true })
  say({
    initPid,
    keeper: await host.keeperPid(),
    pipes: pipes.id,
    terminal: terminal.id,
    position: { epoch: position.epoch, seq: position.seq },
  })
`

await t.test('the embedding process is killed', async (t) => {
  const { said, child } = await embedding(make + work)
  await killed(child)
  await sleep(50)
  t.ok(existsSync(`/proc/${said.initPid}`))
  await goesOn(t, said)
})

await t.test('a newer version of it comes', async (t) => {
  const { said, child } = await embedding(work)
  await killed(child)
  useNextKeeper(t)
  t.notOk(runsKeeper(said.keeper))
  await goesOn(t, said)
  t.ok(runsKeeper(said.keeper), 'the keeper is the newer one')
})

await t.test('one comes that the keeper cannot become', async (t) => {
  useKeeper(t, '/bin/true')
  const warned = once(process, 'warning')
  await using host = await Host.open(options)
  t.match(await warned, [{ message: /the keeper stays an older one: KeeperError: ENOEXEC/ }])
  t.equal((await host.containers.get('one').exec(['hostname'])).stdout, 'one\n')
})

/** Who opens the host next has all that there was. */
async function goesOn(t: Test, said: Said): Promise<void> {
  await using host = await Host.open(options)
  t.equal(await host.keeperPid(), said.keeper)
  const ct = host.containers.get('one')
  t.match(ct.show(), { state: 'running', initPid: said.initPid })

  const found = await ct.sessions()
  t.strictSame(
    found.map(({ session, tty, exit }) => [session, tty, exit]),
    [
      [said.pipes, false, null],
      [said.terminal, true, null],
    ],
  )
  await using pipes = await ct.session(said.pipes)
  pipes.stdin?.end('a word\n')
  t.equal(await text(pipes.stdout), 'early\na word, late\n')
  t.match(await pipes.exit, { exitCode: 6 })
  await using terminal = await ct.session(said.terminal)
  await terminal.resize(11, 77)
  terminal.stdin?.write('stty size; exit 3\n')
  t.match(await text(terminal.stdout), /11 77/)
  t.match(await terminal.exit, { exitCode: 3 })

  await using console = ct.console()
  t.match(await printed(console, /typed before/), /typed before/, 'what it said is kept')
  await console.write('echo typed after\n')
  t.match(await printed(console, /typed after/), /typed after/)

  const kinds = []
  for await (const event of host.events({ since: said.position })) {
    t.ok(event.seq > said.position.seq)
    kinds.push(event.type)
    if (event.type === 'session' && event.session === said.terminal) break
  }
  t.notOk(kinds.includes('gap'), 'no event is lost')
}

await t.test('the keeper is killed', async (t) => {
  await using host = await Host.open(options)
  const ct = host.containers.get('one')
  const { initPid } = ct.show()
  const keeper = await host.keeperPid()
  await using session = await ct.spawn(['sleep', '1000'])
  await using console = ct.console()
  const output = console[Symbol.asyncIterator]()
  let seen = ''
  const prints = async (what: RegExp): Promise<void> => {
    while (!what.test(seen)) seen += String((await output.next()).value)
  }
  await console.write('echo one\n')
  await prints(/^one/m)
  const events = host.events()

  process.kill(keeper, 'SIGKILL')
  await t.rejects(session.exit, { code: 'ERR_KEEPER_LOST' }, 'sessions end with their keeper')
  t.match(await first(events, ({ type }) => type === 'gap'), { type: 'gap' })
  t.not(await host.keeperPid(), keeper)
  t.match(ct.show(), { state: 'running', initPid })
  t.equal((await ct.exec(['echo', 'still here'])).stdout, 'still here\n')
  t.strictSame(await ct.sessions(), [])

  // The same console goes on, whatever the keeper had for it.
  await until(() =>
    console.write('echo two\n').then(
      () => true,
      () => false,
    ),
  )
  await prints(/^two/m)
  await output.return(undefined)
  await ct.set({ memoryLimit: '64 MiB' })
  t.equal((await ct.stats()).memoryLimit, 64 * 2 ** 20)
  t.same((await host.audit()).leftovers, [])
})

await t.test('both are killed', async (t) => {
  const { said, child } = await embedding(`
    const ct = host.containers.get('one')
    say({ initPid: ct.show().initPid, keeper: await host.keeperPid() })
  `)
  process.kill(said.keeper, 'SIGKILL')
  await killed(child)
  await using host = await Host.open(options)
  const ct = host.containers.get('one')
  t.match(ct.show(), { state: 'running', initPid: said.initPid })
  t.equal((await ct.exec(['hostname'])).stdout, 'one\n')
  await ct.reboot()
  t.not(ct.show().initPid, said.initPid)
  t.match(await ct.stop(), { rung: 'shutdown' })
  t.same((await host.audit()).leftovers, [])
})

await t.test('killed in the middle of its work', async (t) => {
  for (let round = 0; round < 4; round++) {
    const { child } = await embedding(`
      say({})
      const life = async (id) => {
        for (;;) {
          const ct = await host.containers.create({ id, image: { distribution: 'busybox' } })
          await ct.push('/etc/motd', 'hello')
          await ct.start()
          await ct.set({ memoryLimit: '64 MiB' })
          await ct.stop({ method: 'kill' })
          await ct.delete()
        }
      }
      await Promise.all(['a', 'b', 'c'].map(life))
    `)
    await sleep(20 + 37 * round)
    await killed(child)
    await using host = await Host.open(options)
    t.strictSame(host.pools.get('tank').show().broken, [])
    await until(() => host.containers.list().every(({ state }) => /running|stopped/.test(state)))
    for (const { id } of host.containers.list()) {
      const ct = host.containers.get(id)
      if (ct.state === 'stopped') await ct.start()
      t.equal((await ct.exec(['hostname'])).stdout, `${id}\n`, `${id} is whole`)
      if (id !== 'one') t.match(await ct.delete({ force: true }), { leftovers: [] })
    }
    t.same((await host.audit()).leftovers, [], 'and nothing half-made is left')
    t.strictSame(
      host.users.list().map(({ name }) => name),
      ['one'],
    )
  }
})

await t.test('how it ended is known to who was away, also when the keeper has gone', async (t) => {
  const opened = await Host.open(options)
  const { initPid } = opened.containers.get('one').show()
  const keeper = await opened.keeperPid()
  await opened.close()
  process.kill(initPid ?? -1, 'SIGKILL')
  await until(() => !existsSync(`/proc/${keeper}`))
  await using host = await Host.open(options)
  const ct = host.containers.get('one')
  t.match(ct.show(), { state: 'stopped', exit: { reason: 'signal', signal: 'SIGKILL' } })
  await ct.rename('two')
  t.ok(existsSync(`${options.stateDir}/keeper/exits/tank:two`))
  await ct.delete()
  t.notOk(existsSync(`${options.stateDir}/keeper/exits/tank:two`))
})

await t.test('mount tables are as before', (t) => {
  t.notMatch(readFileSync('/proc/self/mountinfo', 'utf8'), options.stateDir)
  t.end()
})
