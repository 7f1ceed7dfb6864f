// Guests that mean harm to what the host starts in them: they harm themselves.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { cgroupsBelow } from '../helpers/hierarchies.js'
import { until } from '../helpers/keeper-host.js'
import { requires } from '../helpers/requires.js'
import { compiled, importBusybox, systemHost } from '../helpers/system.js'
import { upTo } from '../helpers/time.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'cc')
const host = await systemHost(t)
await importBusybox(t, host)
const program = readFileSync(await compiled(t, 'hostile', '-static'))
const create = async (id: string) => {
  const ct = await host.containers.create({ id, image: { distribution: 'busybox' } })
  await ct.push('/hostile', program, { mode: 0o755 })
  await ct.start()
  return ct
}
const [guest, other] = [await create('guest'), await create('other')]
const keeper = await host.keeperPid()

/** States of the keeper's children, from proc_pid_stat(5). */
function children(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const [state = '', parent] = text.slice(text.lastIndexOf(')') + 2).split(' ')
        return Number(parent) === keeper ? [state] : []
      } catch {
        return [] // it ended meanwhile
      }
    })
}
const noZombie = () => until(() => !children().includes('Z'))

function sessionCgroups(): string[] {
  return cgroupsBelow(guest.show().cgroup).filter((path) => /\/osctl\.session-[^/]*$/.test(path))
}

await t.test('a tracer that keeps the end of a program to itself', async (t) => {
  const began = Date.now()
  const traced = guest.exec(['/hostile', 'traced', '3'])
  await sleep(500)
  const asked = Date.now()
  t.equal((await other.exec(['true'])).exitCode, 0)
  t.ok(Date.now() - asked < upTo(2000), 'others do not wait for it')
  t.equal((await traced).exitCode, 3)
  t.ok(Date.now() - began >= 2900, 'its caller does')
  await noZombie()
})

await t.test('a program that has itself traced by who started it', async (t) => {
  t.equal((await guest.exec(['/hostile', 'traceme'])).exitCode, 5, 'it goes on')
  await noZombie()
})

await t.test('children for the keeper', async (t) => {
  t.equal((await guest.exec(['/hostile', 'siblings'])).exitCode, 0)
  await noZombie()
  await guest.kill()
  t.equal(guest.state, 'stopped', 'and the container ends')
  await guest.start()
})

await t.test('output in packets', async (t) => {
  t.equal((await guest.exec(['/hostile', 'packets'])).stdout, 'line\n'.repeat(5))
})

await t.test('a look at what has just been born', async (t) => {
  const peeking = guest.exec(['/hostile', 'peek', '2'])
  const stop = Date.now() + 2000
  while (Date.now() < stop) await guest.exec(['true'])
  const [, foreign, looked] = /^(\d+) of (\d+)\n$/.exec((await peeking).stdout) ?? []
  t.equal(Number(foreign), 0, `nothing of the host in ${looked} looks`)
  t.ok(Number(looked) > 0)
})

await t.test('execs that fail or are given up leave no cgroup', async (t) => {
  for (let i = 0; i < 10; i++) {
    await t.rejects(guest.exec(['/missing']), { code: 'ENOENT' })
    const abort = new AbortController()
    const aborted = guest.exec(['sleep', '10'], { signal: abort.signal })
    setTimeout(() => abort.abort(new Error('enough')), i)
    await t.rejects(aborted, { message: 'enough' })
  }
  await until(() => sessionCgroups().length === 0)
  t.pass('none is left')
})

await t.test('what many programs leave running hides no other cgroup', async (t) => {
  const daemon = ['sh', '-c', 'sleep 1000 >/dev/null 2>&1 &']
  await Promise.all(Array.from({ length: 80 }, () => guest.exec(daemon)))
  const before = sessionCgroups().length
  for (let i = 0; i < 20; i++) await guest.exec(['true'])
  await until(() => sessionCgroups().length === before)
  t.equal((await guest.exec(['killall', 'sleep'])).exitCode, 0)
  await until(async () => {
    await guest.exec(['true'])
    return sessionCgroups().length === 0
  })
  t.pass('and they go when what was left has ended')
})

const freezerOfV1 = existsSync('/sys/fs/cgroup/freezer')
await t.test(
  'a program that a freezer of v1 keeps from ending',
  freezerOfV1 ? {} : { skip: 'the freezer is not of v1 here' },
  async (t) => {
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
