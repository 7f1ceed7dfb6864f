// What a guest says to the sockets of the host's that it can reach. Its init is called systemd, as only
// those have one for their readiness.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AttackRoom } from '../helpers/attack-room.js'
import { busyboxRoot } from '../helpers/busybox.js'
import { until } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { testDirectory } from '../helpers/system.js'
import { timeFactor, upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs')
const room = await AttackRoom.open(t, 'sockets')
const root = busyboxRoot(join(testDirectory(t), 'root'))
mkdirSync(join(root, 'lib/systemd'), { recursive: true })
cpSync(join(root, 'bin/busybox'), join(root, 'lib/systemd/systemd'))
rmSync(join(root, 'sbin/init'))
symlinkSync('../lib/systemd/systemd', join(root, 'sbin/init'))
await room.host.images.import({ path: root, distribution: 'spoken', version: '1' })
room.distribution = 'spoken'

await room.attack('garbage about its readiness', async ({ t, guest, shell, other, harmless }) => {
  t.equal(await shell('/attack garbage'), 'said\n')
  await harmless(() => other.exec(['true']), [])
  await harmless(() => guest.wait('ready', { timeout: 300 }), ['ERR_TIMEOUT'])
})

await room.attack('readiness that is forged', async ({ t, guest, other, shell, harmless }) => {
  await shell('/attack ready')
  await harmless(() => guest.wait('ready', { timeout: 5000 }), [])
  t.notMatch(JSON.stringify(guest.show()), '\\u001b', 'no escape sequence comes through')
  t.equal(other.state, 'running', 'it speaks for nobody else')
})

await room.attack('descriptors for the keeper', async ({ t, shell }) => {
  t.equal(await shell('/attack descriptors'), '1\n')
})

// The kernel drops what nobody takes in the middle of a read, or of the socket's last close.
await room.attack('descriptors whose last close waits', async (attack) => {
  const { t, guest, other, shell, harmless } = attack
  for (let start = 0; start < 2; start++) {
    t.equal(await shell('ifconfig lo up; /attack lingering'), '1\n')
    for (let i = 0; i < 3; i++) await harmless(() => other.exec(['true']), [], 1000)
    await harmless(() => guest.wait('ready', { timeout: 300 }), ['ERR_TIMEOUT'])
    await harmless(() => guest.kill(), [])
  }
  await shell('/attack ready')
  await harmless(() => guest.wait('ready', { timeout: 5000 }), [], 6000)
  t.equal(guest.state, 'running', 'it is heard again')
})

await room.attack('words without end', async ({ t, guest, shell, other, harmless }) => {
  await shell('true')
  const floods = [1, 2].map(() => guest.exec(['/attack', 'flood', '2']))
  for (const end = Date.now() + 1500; Date.now() < end;) {
    await harmless(() => other.exec(['true']), [])
  }
  for (const { stdout } of await Promise.all(floods)) t.ok(Number(stdout) > 100, stdout)
})

await room.attack('words that keep the keeper busy', async ({ t, guest, host, shell }) => {
  await shell('true')
  const keeper = await host.keeperPid()
  // Its time on a processor, in hundredths of a second.
  const used = (): number => {
    const text = readFileSync(`/proc/${keeper}/stat`, 'utf8')
    const [, user, system] = /\) (?:\S+ ){11}(\d+) (\d+) /.exec(text) ?? []
    return Number(user) + Number(system)
  }
  const cost = async (): Promise<number> => {
    const flood = await guest.spawn(['/attack', 'flood', '4'])
    await sleep(500)
    const before = used()
    await sleep(2000)
    const after = used()
    await flood.exit
    await flood.close()
    return after - before
  }
  const isLittle = (ticks: number, when: string): void => {
    t.comment(`${ticks} of 200 ${when}`)
    if (timeFactor === 1) t.ok(ticks < 20, when)
  }
  isLittle(await cost(), 'before it is ready')
  // There is room again for what it says when the rest was read.
  await until(async () => (await shell('/attack ready && echo said')) === 'said\n')
  await guest.wait('ready', { timeout: upTo(5000) })
  isLittle(await cost(), 'when it is')
})

await room.attack('the command sockets of liblxc', async ({ t, guest, shell }) => {
  await shell('true')
  const names = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .flatMap((line) => / @(\S+\/command)$/.exec(line)?.[1] ?? [])
  t.ok(names.length > 0, 'there are some')
  for (const name of names.slice(0, 10)) {
    const { stdout } = await guest.exec(['/attack', 'abstract', name])
    t.equal(stdout, 'Connection refused\n', name)
  }
})

room.finish()
