// Processes that a guest makes, or keeps from ending, to the harm of those who started or wait for them.
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Container } from 'vpsadminos'
import { AttackRoom, statesOfChildren } from '../helpers/attack-room.js'
import { cgroupsBelow } from '../helpers/hierarchies.js'
import { first } from '../helpers/host.js'
import { until } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs')
const room = await AttackRoom.open(t, 'processes')
const keeper = await room.host.keeperPid()
const noZombie = () => until(() => !statesOfChildren(keeper).includes('Z'))

function sessionCgroups(guest: Container): string[] {
  return cgroupsBelow(guest.show().cgroup).filter((path) => /\/osctl\.session-[^/]*$/.test(path))
}

await room.attack(
  'a tracer that keeps the end of a program to itself',
  async ({ t, guest, other, shell }) => {
    await shell('true')
    const began = Date.now()
    const traced = guest.exec(['/attack', 'traced', '3'])
    await sleep(500)
    const asked = Date.now()
    t.equal((await other.exec(['true'])).exitCode, 0)
    t.ok(Date.now() - asked < upTo(2000), 'others do not wait for it')
    t.equal((await traced).exitCode, 3)
    t.ok(Date.now() - began >= 2900, 'its caller does')
    await noZombie()
  },
)

await room.attack(
  'a program that has itself traced by who started it',
  async ({ t, guest, shell }) => {
    await shell('true')
    t.equal((await guest.exec(['/attack', 'traceme'])).exitCode, 5, 'it goes on')
    await noZombie()
  },
)

await room.attack('children for the keeper', async ({ t, guest, shell }) => {
  await shell('true')
  t.equal((await guest.exec(['/attack', 'siblings'])).exitCode, 0)
  await noZombie()
  await guest.kill()
  t.equal(guest.state, 'stopped', 'and the container ends')
  await guest.start()
})

await room.attack('output in packets', async ({ t, guest, shell }) => {
  await shell('true')
  // Node takes the end of the writers for that of the data, and the keeper does not.
  t.match((await guest.exec(['/attack', 'packets'])).stdout, /^(line\n){1,5}$/)
})

await room.attack('groups by the ten thousand', async ({ t, guest, shell }) => {
  await shell('true')
  await using session = await guest.spawn(['/attack', 'groups'])
  t.equal(String(await first(session.stdout, () => true)), 'ready\n')
  const one = (await guest.processes()).find(({ pid }) => pid === session.pid)
  t.ok((one?.containerPid ?? 0) > 1, 'its own number')
  t.match(one, { containerEuid: 0, name: 'attack' })
})

await room.attack('a look at what has just been born', async ({ t, guest, shell }) => {
  await shell('true')
  const peeking = guest.exec(['/attack', 'peek', '2'])
  const stop = Date.now() + 2000
  while (Date.now() < stop) await guest.exec(['true'])
  const [, foreign, looked] = /^(\d+) of (\d+)\n$/.exec((await peeking).stdout) ?? []
  t.equal(Number(foreign), 0, `nothing of the host in ${looked} looks`)
  t.ok(Number(looked) > 0)
})

await room.attack(
  'execs that fail or are given up leave no cgroup',
  async ({ t, guest, shell }) => {
    await shell('true')
    for (let i = 0; i < 10; i++) {
      await t.rejects(guest.exec(['/missing']), { code: 'ENOENT' })
      const abort = new AbortController()
      const aborted = guest.exec(['sleep', '10'], { signal: abort.signal })
      setTimeout(() => abort.abort(new Error('enough')), i)
      await t.rejects(aborted, { message: 'enough' })
    }
    await until(() => sessionCgroups(guest).length === 0)
    t.pass('none is left')
  },
)

await room.attack(
  'what many programs leave running hides no other cgroup',
  async ({ t, guest, shell }) => {
    await shell('true')
    const daemon = ['sh', '-c', 'sleep 1000 >/dev/null 2>&1 &']
    await Promise.all(Array.from({ length: 80 }, () => guest.exec(daemon)))
    const before = sessionCgroups(guest).length
    for (let i = 0; i < 20; i++) await guest.exec(['true'])
    await until(() => sessionCgroups(guest).length === before)
    t.equal((await guest.exec(['killall', 'sleep'])).exitCode, 0)
    await until(async () => {
      await guest.exec(['true'])
      return sessionCgroups(guest).length === 0
    })
    t.pass('and they go when what was left has ended')
  },
)

await room.attack(
  'a program that a freezer of v1 keeps from ending',
  async ({ t, guest, shell }) => {
    if (!existsSync('/sys/fs/cgroup/freezer')) {
      await t.skip('the freezer is not of v1 here', () => undefined)
      return
    }
    await shell('true')
    const freeze = `mkdir -p /mnt; mount -t cgroup -o freezer none /mnt; mkdir /mnt/z
      echo $$ >/mnt/z/cgroup.procs; exec >/dev/null 2>&1
      echo FROZEN >/mnt/z/freezer.state; sleep 1000`
    const began = Date.now()
    await t.rejects(guest.exec(['sh', '-c', freeze], { timeout: 300 }), { code: 'ERR_TIMEOUT' })
    const took = Date.now() - began
    t.ok(took >= 1000, 'it is given a moment to end')
    t.ok(took < upTo(3000), 'its caller does not wait for it')
    await guest.kill()
    t.equal(guest.state, 'stopped')
  },
)

await room.attack(
  'a flood of children for the keeper',
  async ({ t, guest, other, shell, harmless }) => {
    await shell('true')
    for (const how of ['flood', 'stops']) {
      const floods = [1, 2].map(() => guest.exec(['/attack', how, '2']))
      for (const end = Date.now() + 2000; Date.now() < end;) {
        await harmless(() => other.exec(['true']), [])
        // Who edits has the guest's user as well, and is not taken for one of its children.
        await harmless(() => guest.push('/pushed', 'x'), [])
        await harmless(() => guest.set({ hostname: `flood-${Date.now()}` }), [])
      }
      for (const { exitCode } of await Promise.all(floods)) t.equal(exitCode, 0)
    }
    await noZombie()
  },
  // Also what has ended counts, until the keeper has waited for it. Without a limit, a guest makes
  // as many as the host can have.
  { pidsLimit: 1000 },
)

await room.attack(
  'all processes that it may have',
  async ({ t, guest, other, shell, harmless }) => {
    await shell('true')
    const bomb = await guest.spawn(['/attack', 'bomb'], { stdin: false })
    await sleep(300)
    await harmless(
      () => guest.exec(['true'], { timeout: 2000 }),
      ['EAGAIN', 'ERR_TIMEOUT', 'ERR_EXEC_KILLED'],
    )
    await harmless(() => other.exec(['true']), [])
    await harmless(() => guest.stop({ timeout: 1000 }), [])
    t.equal(guest.state, 'stopped')
    await harmless(() => bomb.close(), [])
  },
  { pidsLimit: 200 },
)

await room.attack(
  'all memory that it may have',
  async ({ t, guest, other, shell, harmless }) => {
    await shell('true')
    const { signal } = await guest.exec(['/attack', 'memory'], { timeout: 20_000 })
    t.equal(signal, 'SIGKILL', 'it is ended for it')
    await harmless(() => guest.exec(['true']), [])
    await harmless(() => other.exec(['true']), [])
  },
  { memoryLimit: '32 MiB' },
)

await room.attack('thousands of zombies', async ({ t, guest, shell, harmless }) => {
  await shell('/attack zombies 2000 >/dev/null 2>&1 & sleep 0.5')
  await harmless(() => guest.exec(['true']), [])
  const { rung } = await guest.stop({ timeout: 5000 })
  t.match(rung, /shutdown|kill/)
})

await room.attack(
  'an init that heeds no signal',
  async ({ t, guest, harmless }) => {
    await guest.start()
    await harmless(
      () => guest.stop({ method: 'shutdown_or_fail', timeout: 300 }),
      ['ERR_CONTAINER_STOP'],
      10_000,
    )
    await harmless(() => guest.stop({ timeout: 300 }), [], 10_000)
    t.equal(guest.state, 'stopped')
  },
  { initCmd: ['/attack', 'deaf'] },
)

room.finish()
