// ZFS in the guest: the modules fit the kernel and the programs, and a user namespace can be given a dataset.
import { chosen } from '../distribution.js'
import { requires } from '../../helpers/requires.js'
import { Lab } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)
// To configure OpenZFS keeps one processor, to compile it all.
t.jobs = chosen().length

for (const distribution of chosen()) {
  t.test(distribution, { buffered: true }, async (t) => {
    const lab = await Lab.open({ distribution, zfs: true })
    t.teardown(() => lab[Symbol.asyncDispose]())

    t.test('a pool, a snapshot and a clone', async (t) => {
      await using machine = await lab.machine()
      t.match(await machine.shell('zfs version'), /^zfs-(2\.\d+\.\d+)-.*\nzfs-kmod-\1-/)
      await machine.shell(
        'truncate -s 256M /tmp/disk; zpool create -m /tank tank /tmp/disk; zfs create tank/one',
      )
      await machine.shell(
        'echo before >/tank/one/file; zfs snapshot tank/one@a; echo after >/tank/one/file',
      )
      t.equal(await machine.shell('zfs clone tank/one@a tank/two; cat /tank/two/file'), 'before')
    })

    t.test('a dataset is given to a user namespace', async (t) => {
      await using machine = await lab.machine()
      await machine.shell('truncate -s 256M /tmp/disk; zpool create -m /tank tank /tmp/disk')
      t.equal(
        await machine.shell(`
        zfs create -o zoned=on -o mountpoint=none tank/given
        unshare --user --map-root-user sleep 1000 & pid=$!
        until grep -qx sleep /proc/$pid/comm; do sleep 0.1; done
        zfs zone /proc/$pid/ns/user tank/given
        nsenter -t $pid --user -S 0 -G 0 -- zfs create -o mountpoint=none tank/given/below
        kill $pid
        zfs list -H -o name -r tank/given`),
        'tank/given\ntank/given/below',
      )
    })
  })
}
