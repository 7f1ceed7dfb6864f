// The image boots with each of its inits, and is what it promises to be.
import { accelerator } from '../accelerator.js'
import { debianImage } from '../image.js'
import { makeInitramfs } from '../initramfs.js'
import { Machine } from '../machine.js'
import { inits } from '../qemu.js'
import { report } from '../report.js'
import { testDirectory } from '../../helpers/system.js'
import { chosen } from '../distribution.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const directory = testDirectory(t)
// Some inits start it after the agent. It goes by the cgroup of the first process of the reader's namespace.
const ofLxcfs = `
  i=0; until [ -e /var/lib/lxcfs/proc/meminfo ] || [ $((i += 1)) -gt 600 ]; do sleep 1; done
  mkdir /sys/fs/cgroup/lab-lxcfs
  echo 64M >/sys/fs/cgroup/lab-lxcfs/memory.max
  echo $$ >/sys/fs/cgroup/lab-lxcfs/cgroup.procs
  unshare --pid --fork cat /var/lib/lxcfs/proc/meminfo`

// All of them first: a suite whose tests have ended while the next image is being built has ended itself.
const built = []
for (const distribution of chosen()) {
  const initramfs = `${directory}/${distribution}`
  try {
    const image = await debianImage(distribution)
    await makeInitramfs(image, initramfs)
    built.push({ distribution, how: { image, initramfs, accelerator: await accelerator(image) } })
  } catch (error) {
    t.fail(`${distribution} cannot be built: ${String(error)}`)
  }
}

for (const { distribution, how } of built) {
  for (const init of ['lab', 'runit', 'systemd'] as const) {
    t.test(`${init} (${inits[init]}) on ${distribution}`, async (t) => {
      const started = Date.now()
      await using machine = await Machine.boot({ ...how, init })
      t.comment(`booted in ${Date.now() - started} ms`)
      const ask = (script: string): Promise<string> => machine.shell(script)
      t.equal(await ask('cat /proc/1/comm'), init === 'lab' ? 'lab-init' : init)
      t.equal(await ask('grep -c cgroup2 /proc/mounts'), '1')
      t.notMatch(await ask('cat /proc/mounts'), /^\S+ \S+ cgroup /m)
      t.equal(await ask('cat /sys/module/apparmor/parameters/enabled'), 'Y')
      t.match(await ask('uname -r'), /-cloud-amd64$/)
      t.match(await ask('lxc-start --version; node --version'), /^[56]\..*\nv20\./)
      t.match(await ask(ofLxcfs), /^MemTotal: +65536 kB/, 'LXCFS tells a cgroup what it has')
      const killed = await report(machine, {
        run: ['sh', '-c', 'kill -KILL $PPID'],
        limitMs: 120_000,
      })
      t.match(killed, { outcome: 'gone', consoleTail: /the agent ended with/ }, 'without its agent')
      await machine.ended
    })
  }
}
