// What the kernel has for all guests and the host together: one guest takes all that it can get, and
// leaves what others need.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Container } from 'vpsadminos'
import { AttackRoom, type Attack } from '../helpers/attack-room.js'
import { first } from '../helpers/host.js'
import { requires } from '../helpers/requires.js'
import { compiled } from '../helpers/programs.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar', 'test programs')
const room = await AttackRoom.open(t, 'shares')
const program = compiled('attacks/shares')

/** The guest's root has taken all of it; then one more is asked for by others. */
async function filled({ t, guest, other, shell }: Attack, what: string): Promise<void> {
  await shell('true')
  await using session = await guest.spawn(['/attack', 'fill', what])
  const said = String(await first(session.stdout, () => true))
  t.match(said, /^[1-9]\d* /, `the guest has taken ${said}`)
  t.equal(await oneMore(guest, what), 1, 'there is no more for it')
  await other.push('/one', readFileSync(program), { mode: 0o755 })
  t.equal(await oneMore(other, what, '/one'), 0, 'but for another guest')
  t.equal(spawnSync(program, ['one', what]).status, 0, 'and for the host')
  await session.close()
}

async function oneMore(ct: Container, what: string, path = '/attack'): Promise<number | null> {
  return (await ct.exec([path, 'one', what])).exitCode
}

await room.attack('all inotify instances', (attack) => filled(attack, 'instances'))
await room.attack('all terminals', (attack) => filled(attack, 'terminals'))
await room.attack('all keys', (attack) => filled(attack, 'keys'))

await room.attack('mounts that spread', async ({ t, host, guest, shell }) => {
  await shell('true')
  const mounts = (pid: number | string) => readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  const [here, keeper] = [mounts('self'), mounts(await host.keeperPid())]
  t.equal((await guest.exec(['/attack', 'spread'])).exitCode, 0)
  t.match((await guest.exec(['cat', '/proc/mounts'])).stdout, /^spread \/mnt tmpfs /m)
  t.equal(mounts('self'), here, 'none on the host')
  t.equal(mounts(await host.keeperPid()), keeper, 'nor with the keeper')
})

room.finish()
