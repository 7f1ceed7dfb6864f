// ZFS in the guest: the modules fit the kernel and the programs, and a user namespace can be given a dataset.
import { requires } from '../../helpers/requires.js'
import { Lab } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

const lab = await Lab.open({ zfs: true })
t.teardown(() => lab[Symbol.asyncDispose]())
await using machine = await lab.machine()

async function ask(script: string): Promise<string> {
  const { code, stdout, stderr } = await machine.run(['sh', '-ec', script])
  if (code !== 0) throw new Error(`${code}: ${stderr}`)
  return stdout.trim()
}

t.match(await ask('zfs version'), /^zfs-2\.3\.[^]*zfs-kmod-2\.3\./)
await ask('truncate -s 256M /tmp/disk; zpool create -m /tank tank /tmp/disk; zfs create tank/one')
await ask('echo before >/tank/one/file; zfs snapshot tank/one@a; echo after >/tank/one/file')
t.equal(await ask('zfs clone tank/one@a tank/two; cat /tank/two/file'), 'before')
t.equal(
  await ask(`
    zfs create -o zoned=on -o mountpoint=none tank/given
    unshare --user --map-root-user sleep 1000 & pid=$!
    sleep 1
    zfs zone /proc/$pid/ns/user tank/given
    nsenter -t $pid --user -S 0 -G 0 -- zfs create -o mountpoint=none tank/given/below
    kill $pid
    zfs list -H -o name -r tank/given`),
  'tank/given\ntank/given/below',
)
