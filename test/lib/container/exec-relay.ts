// What a program prints is carried by a process of its own, the relay. Where that is killed, nobody takes
// what has come until then for all of it. It is what has a program's terminal, too.
import { buffer } from 'node:stream/consumers'
import { once } from 'node:events'
import { busybox, temporaryHost } from '../../helpers/host.js'
import { until } from '../../helpers/keeper-host.js'
import { childrenOf, pids, titleOf } from '../../helpers/processes.js'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox')
const host = await temporaryHost(t)
const ct = await host.containers.create({ id: 'one', image: busybox })
await ct.start()
const keeper = await host.keeperPid()
const MANY = 2 ** 20
const lost = { code: 'ERR_OUTPUT_LOST', stream: 'stdout' }

const relays = () => childrenOf(keeper).filter((pid) => titleOf(pid) === 'relay')

async function killRelays(): Promise<void> {
  await until(() => relays().length > 0)
  const killed = relays()
  for (const pid of killed) process.kill(Number(pid), 'SIGKILL')
  await until(() => !relays().some((pid) => killed.includes(pid)))
}

await t.test('while the program runs', async (t) => {
  const running = ct.exec(['sh', '-c', 'echo begun; exec sleep 62'], { timeout: upTo(10_000) })
  const rejected = t.rejects(running, { code: lost.code }, 'of one of its two streams')
  await until(() => pids().some((pid) => titleOf(pid) === 'sleep 62'))
  await killRelays()
  await rejected
})

await t.test('when the program has ended', async (t) => {
  // More than what the kernel and the relay take: it is not passed on before somebody reads.
  const session = await ct.spawn(['sh', '-c', `head -c ${MANY} /dev/zero & sleep 0.2`], {
    stdin: false,
  })
  await session.exit
  await killRelays()
  await t.rejects(buffer(session.stdout), lost)
  await session.close()
})

await t.test('before another process takes the session over', async (t) => {
  const { id } = await detached(['sh', '-c', 'echo begun; sleep 60'])
  await killRelays()
  const session = await ct.session(id)
  await t.rejects(buffer(session.stdout), lost)
  await session.close()
})

await t.test('what was passed on comes before that', async (t) => {
  const session = await ct.spawn(['sh', '-c', 'echo begun; exec sleep 60'], { stdin: false })
  const [first] = (await once(session.stdout, 'data')) as [Buffer]
  t.equal(first.toString(), 'begun\n')
  session.stdout.pause()
  await killRelays()
  await t.rejects(buffer(session.stdout), lost)
  await session.close()
})

await t.test('a terminal hangs up', async (t) => {
  const session = await ct.spawn(['sh', '-c', 'echo begun; exec sleep 60'], { tty: true })
  await killRelays()
  t.same(await session.exit, { exitCode: null, signal: 'SIGHUP' })
  await session.resize(10, 20)
  await t.rejects(buffer(session.stdout), lost)
  await session.close()
})

await t.test('a terminal has the size that it was told before keys that come after', async (t) => {
  const session = await ct.spawn(['sh', '-c', 'read size; stty size'], { tty: true })
  for (let rows = 10; rows <= 60; rows++) await session.resize(rows, 2 * rows)
  session.stdin?.write('now\n')
  t.match((await buffer(session.stdout)).toString(), /60 120/)
})

await t.test('a terminal outlives who types', async (t) => {
  const session = await ct.spawn(['cat'], { tty: true })
  session.stdin?.end('first\n')
  await once(session.stdout, 'data')
  await session.detach()
  const again = await ct.session(session.id)
  again.stdin?.write('second\n\x04')
  t.match((await buffer(again.stdout)).toString(), /second\r\n/)
  t.same(await again.exit, { exitCode: 0, signal: null })
})

await t.test('input that was taken reaches what a program has left behind', async () => {
  const left = 'exec 3<&0; (sleep 1; exec cat <&3 >/taken) >/dev/null 2>&1 & sleep 0.2'
  await ct.exec(['sh', '-c', left], { stdin: 'a'.repeat(100_000) })
  const taken = async () => (await ct.exec(['sh', '-c', 'wc -c </taken || true'])).stdout.trim()
  await until(async () => (await taken()) === '100000')
})

await t.test('input that nobody will read keeps none', async () => {
  // The daemon that it leaves behind has its input, and more is on its way than the kernel takes.
  const args = ['sh', '-c', 'exec 3<&0; sleep 60 <&3 >/dev/null 2>&1 & sleep 0.2']
  await until(() => relays().length <= 1)
  const session = await ct.spawn(args)
  session.stdin?.write(Buffer.alloc(MANY))
  await session.exit
  await session.close()
  await ct.exec(['true'])
  await until(() => relays().length === 1) // which waits for the next program
  await ct.exec(['sh', '-c', 'kill $(pidof sleep)'])
})

await t.test('the next program has another one', async (t) => {
  t.equal((await ct.exec(['echo', 'it works'])).stdout, 'it works\n')
})

async function detached(args: readonly string[]): Promise<{ id: number }> {
  const session = await ct.spawn(args, { stdin: false })
  await session.detach()
  return session
}
