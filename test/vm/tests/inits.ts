// The image boots with each of its inits, and is what it promises to be.
import { accelerator } from '../accelerator.js'
import { debianImage } from '../image.js'
import { makeInitramfs } from '../initramfs.js'
import { Machine } from '../machine.js'
import { inits } from '../qemu.js'
import { testDirectory } from '../../helpers/system.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const image = await debianImage('debian-13')
const initramfs = `${testDirectory(t)}/initramfs`
await makeInitramfs(image, initramfs)
const how = { image, initramfs, accelerator: await accelerator(image) }

for (const init of ['lab', 'runit', 'systemd'] as const) {
  t.test(`${init} (${inits[init]})`, async (t) => {
    const started = Date.now()
    await using machine = await Machine.boot({ ...how, init })
    t.comment(`booted in ${Date.now() - started} ms`)
    const ask = async (script: string): Promise<string> =>
      (await machine.run(['sh', '-c', script])).stdout.trim()
    t.match(await ask('readlink /proc/1/exe; cat /proc/1/comm'), new RegExp(`${init}|dash`))
    t.match(await ask('grep -c cgroup2 /proc/mounts'), '1')
    t.notMatch(await ask('cat /proc/mounts'), /^\S+ \S+ cgroup /m)
    t.equal(await ask('cat /sys/module/apparmor/parameters/enabled'), 'Y')
    t.match(await ask('uname -r'), /-cloud-amd64$/)
    t.match(await ask('lxc-start --version; node --version'), /^6\..*\nv20\./)
  })
}
