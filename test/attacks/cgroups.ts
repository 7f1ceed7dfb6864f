// What a guest does in the cgroups that it was given, to its limits and to those who count on them.
import { existsSync } from 'node:fs'
import { AttackRoom } from '../helpers/attack-room.js'
import { requires } from '../helpers/requires.js'

const t = requires(
  'root',
  'userns',
  'liblxc',
  'cgroup',
  'cgroup2',
  'busybox',
  'tar',
  'test programs',
)
const room = await AttackRoom.open(t, 'cgroups')
const unified = 'mkdir -p /mnt; mount -t cgroup2 none /mnt; cd /mnt'
// Where the controllers are of v1, one hierarchy of them, else the same one.
const v1 = existsSync('/sys/fs/cgroup/memory')
const controlled = v1 ? 'mkdir -p /mnt; mount -t cgroup -o memory none /mnt; cd /mnt' : unified

await room.attack('thousands of cgroups', async ({ t, guest, other, shell, harmless }) => {
  // Only v2 limits their number: then there may be none left for a program.
  const alone = existsSync('/sys/fs/cgroup/cgroup.controllers')
  const wanted = alone ? 10_000 : 2000
  const made = Number(await shell(`${unified}; mkdir many; cd many; /attack many ${wanted}`))
  t.ok(alone ? made > 2000 && made < 4096 : made === wanted, `${made} cgroups`)
  await harmless(() => guest.exec(['true']), alone ? ['EAGAIN'] : [])
  await harmless(() => other.exec(['true']), [])
  await harmless(() => guest.stop({ timeout: 5000 }), [], 30_000)
})

await room.attack('cgroups in cgroups in cgroups', async ({ t, guest, shell, harmless }) => {
  const made = Number(await shell(`${unified}; /attack deep 700`))
  t.ok(made > 0, `${made} levels`)
  await harmless(() => guest.exec(['true']), [])
  await harmless(() => guest.stop({ timeout: 5000 }), [], 30_000)
})

await room.attack(
  'a cgroup that is frozen from inside',
  async ({ guest, shell, other, harmless }) => {
    await shell(`${unified}; mkdir z; sleep 1000 >/dev/null 2>&1 & sleep 0.2; echo $! >/mnt/z/cgroup.procs
    echo 1 >/mnt/z/cgroup.freeze; echo 1 >/mnt/z/cgroup.procs || true`)
    await harmless(() => guest.exec(['true'], { timeout: 1000 }), ['ERR_TIMEOUT'])
    await harmless(() => other.exec(['true']), [])
    await harmless(() => guest.stop({ timeout: 500 }), [], 10_000)
  },
)

await room.attack(
  'limits of its own making',
  async ({ t, guest, shell, harmless }) => {
    const names = 'memory.limit_in_bytes memory.max pids.max cpu.max cgroup.freeze cgroup.max.depth'
    // What is the host's is not written to; what it sets below that is between itself and itself.
    const written = await shell(`${controlled}; for f in ${names} memory.oom_control; do
    [ -e $f ] && { { echo 0 >$f; } 2>/dev/null && echo $f; }; done; true`)
    t.equal(written, '')
    await shell(`mkdir -p l; cd /mnt; mkdir -p l; for f in l/memory.limit_in_bytes l/memory.max l/pids.max; do
    echo 0 >$f; done 2>/dev/null; true`)
    await harmless(() => guest.exec(['true']), [])
  },
  { memoryLimit: '256 MiB' },
)

await room.attack(
  'limits that the host changes',
  async ({ t, guest, shell, harmless }) => {
    await shell(`${controlled}; mkdir -p a/b/c; echo $$ >a/b/c/cgroup.procs`)
    await harmless(() => guest.set({ memoryLimit: '64 MiB' }), [])
    t.equal(guest.show().memoryLimit, 64 * 2 ** 20)
  },
  { memoryLimit: '256 MiB' },
)

await room.attack('a program for the host to run', async ({ t, shell }) => {
  const agent = await shell(`${controlled}; { echo /attack >release_agent; } 2>&1; mkdir -p r
    { echo 1 >r/notify_on_release; } 2>/dev/null; { echo /attack >r/release_agent; } 2>/dev/null
    sh -c 'echo $$ >/mnt/r/cgroup.procs'; rmdir r; cat release_agent 2>/dev/null; true`)
  t.notMatch(agent, /^\/attack$/m)
})

await room.attack('a cgroup above its own', async ({ t, guest, shell, host }) => {
  const seen = await shell(`${unified}; cat /proc/self/cgroup`)
  t.notMatch(seen, host.cgroupRoot, 'nothing above is named')
  t.match(seen, /^(\d+:[^:]*:\/\S*\n)+$/, 'and all of it is below its own root')
  t.equal(guest.state, 'running')
})

await room.attack('no place for a new program', async ({ guest, shell, harmless }) => {
  // A domain that is threaded takes no further domains below it, and neither do these numbers.
  await shell(`${unified}; mkdir -p t; echo threaded >t/cgroup.type
    for f in cgroup.max.descendants cgroup.max.depth; do echo 0 >$f; done 2>/dev/null; true`)
  await harmless(() => guest.exec(['true']), ['EOPNOTSUPP', 'EAGAIN', 'EBUSY', 'EPERM'])
})

room.finish()
