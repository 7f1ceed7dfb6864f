// Programs in a container that was started for them, while nobody has the host open, after kills and with another
// keeper: they go on, and the container ends with them.
import { setTimeout as sleep } from 'node:timers/promises'
import { Host, type Container } from 'vpsadminos'
import { Keeper } from '../../../dist/keeper/keeper.js'
import type { Known } from '../../../dist/keeper/types.js'
import { endOf, moduleOf } from '../../helpers/child.js'
import { importBusybox, text } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { runsKeeper, useNextKeeper } from '../../helpers/next-keeper.js'
import { pids, titleOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'
import { lastingHost, whileOpen } from '../../helpers/system.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const options = lastingHost(t)
const image = { distribution: 'busybox' }
const run = true
const sh = (script: string) => ['sh', '-c', script]

/** When nobody is there to end it, its init does so from five seconds after its start on, and looks once in a second. */
const ALONE_MS = 30_000

const opened = <T>(work: (host: Host, ct: Container) => Promise<T>): Promise<T> =>
  whileOpen(options, work)

/** What the keeper has running, asked beside the engine. */
async function known(): Promise<Known[]> {
  const keeper = await Keeper.connect(options)
  try {
    return await keeper.containers()
  } finally {
    await keeper.close()
  }
}

/** Another process opens the host and does that, with `ct`; answers how it ended. */
const inProcess = (work: string) =>
  endOf(`
    const { Host } = await import(${moduleOf('index.js')})
    const host = await Host.open(${JSON.stringify(options)})
    const ct = host.containers.get('web1')
    ${work}
    process.kill(process.pid, 'SIGKILL')`)

async function isOver(ms = 10_000): Promise<void> {
  for (const end = Date.now() + upTo(ms); (await known()).length > 0; await sleep(50))
    if (Date.now() > end) throw new Error('it still runs')
  await opened(async (host, ct) => {
    t.equal(ct.state, 'stopped')
    t.same((await host.audit()).leftovers, [])
  })
}

const host = await Host.open(options)
await host.pools.install(options.pools[0])
await importBusybox(t, host)
await host.containers.create({ id: 'web1', image })
await host.close()

await t.test('a session goes on without us, and is found again', async (t) => {
  await opened(async (_host, ct) => {
    const session = await ct.spawn(sh('read line; echo $line; exit 5'), { run })
    await session.detach()
  })
  t.match(await known(), [{ state: 'running', program: true, once: false }])
  await opened(async (host, ct) => {
    t.equal(ct.state, 'running')
    await t.rejects(ct.start(), { code: 'ERR_STATE', message: /running for a program/ })
    t.same((await host.audit()).leftovers, [])
    t.match(await ct.exec(sh('exit 3'), { run }), { exitCode: 3 })
    t.equal(ct.state, 'running', 'one that has joined it does not end it')
    const { session = 0 } = (await ct.sessions()).find(({ exit }) => exit === null) ?? {}
    const again = await ct.session(session)
    again.stdin?.end('line\n')
    t.equal(await text(again.stdout), 'line\n')
    t.match(await again.exit, { exitCode: 5 })
    t.equal(ct.state, 'stopped')
  })
})

await t.test('it ends with its program while nobody is there', async (t) => {
  await opened(async (_host, ct) => {
    const session = await ct.spawn(sh('sleep 1; echo done >/root/file'), { run })
    await session.detach()
  })
  await isOver()
  await opened(async (_host, ct) => {
    t.equal(await text(await ct.pull('/root/file')), 'done\n')
  })
})

await t.test('it goes on when we are killed, and ends with its program', async (t) => {
  t.equal(await inProcess(`await ct.spawn(['sleep', '1003'], { run: true })`), 'SIGKILL')
  t.match(await known(), [{ state: 'running', program: true }])
  process.kill(Number(pids().find((pid) => titleOf(pid) === 'sleep 1003')), 'SIGKILL')
  await isOver()
})

await t.test('the keeper becomes another program meanwhile', async (t) => {
  await opened(async (_host, ct) => (await ct.spawn(['cat'], { run })).detach())
  useNextKeeper(t)
  await opened(async (host, ct) => {
    t.ok(runsKeeper(await host.keeperPid()))
    t.match(await ct.exec(sh('exit 3'), { run }), { exitCode: 3 })
    t.equal(ct.state, 'running')
    const { session = 0 } = (await ct.sessions()).find(({ exit }) => exit === null) ?? {}
    const again = await ct.session(session)
    again.stdin?.end()
    await again.exit
    t.equal(ct.state, 'stopped')
    t.match(ct.show().exit, { reason: 'exited', code: 0 })
  })
})

await t.test('we are killed before its program has begun', async (t) => {
  const begin = performance.now()
  const killed = `
    const { arm } = await import(${moduleOf('step.js')})
    arm({ how: 'kill', step: 'start.running' })
    await ct.exec(['true'], { run: true })`
  t.equal(await inProcess(killed), 'SIGKILL')
  const left = await known()
  const inTime = performance.now() - begin < 5000 // else it may be over by now
  if (inTime) t.match(left, [{ state: 'running', program: true }])
  await isOver(ALONE_MS)
  t.ok(performance.now() - begin > 4000, 'not before programs could have come')
})

await t.test('the keeper is killed meanwhile', async (t) => {
  await opened(async (host, ct) => {
    const script =
      'trap "" HUP PIPE; until [ -e /root/go ]; do sleep 0.1; done; echo whole >/root/file; sleep 1000 & sleep 1; kill $!'
    const session = await ct.spawn(sh(script), { run })
    const ended = t.rejects(session.exit, { code: 'ERR_KEEPER_LOST' })
    const before = await host.keeperPid()
    process.kill(before, 'SIGKILL')
    await ended
    await until(async () => (await host.keeperPid().catch(() => before)) !== before)
    t.equal(ct.state, 'running')
    // Whose program it is that is left there, this keeper does not know.
    t.match(await ct.exec(sh('exit 3'), { run }), { exitCode: 3 })
    t.equal(ct.state, 'running')
    await ct.push('/root/go', '')
    await ct.wait('stopped', { timeout: upTo(ALONE_MS) })
    t.match(ct.show().exit, { reason: 'exited', code: 0 })
    t.equal(await text(await ct.pull('/root/file')), 'whole\n')
    t.same((await host.audit()).leftovers, [])
  })
})
