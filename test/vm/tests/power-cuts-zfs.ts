// As power-cuts.ts, with the pool on ZFS: also snapshots, and streams that are received. A write waits
// there for the pool's log, what libzfs_core does for a transaction group: each can lose what it
// has acknowledged, and is seen to when what makes it durable is taken out.
import { requires } from '../../helpers/requires.js'
import { Lab } from '../lab.js'
import { drill, type DrillScripts } from '../power-drill.js'

const t = requires('root', 'qemu', 'mmdebstrap', 'nbdkit')
t.setTimeout(0)

const cuts = Number(process.env['VM_CUTS'] ?? 20)
const lab = await Lab.open({ zfs: true })
t.teardown(() => lab[Symbol.asyncDispose]())

// Given the disk itself it would make partitions, and wait for an udev that is not there.
const disk = 'losetup --direct-io=on /dev/loop0 "$(/usr/lib/lab/find-disk data)"'

/** @param spoil what is done before anything is changed */
function scriptsWith(spoil = ''): DrillScripts {
  return {
    make: `
      ${disk}
      mount --make-rshared /
      zpool create -m /srv/power tank /dev/loop0
      images/busybox/build.sh /tmp/busybox.tar
      node test/vm/programs/changes.js zfs --install /tmp/busybox.tar
      zpool export tank
    `,
    change: `
      ${disk}
      mount --make-rshared /
      zpool import -f -d /dev/loop0 tank
      ${spoil}
      exec node test/vm/programs/changes.js zfs
    `,
  }
}

t.test(`${cuts} cuts`, async (t) => {
  const { wrong, done, cut } = await drill(lab, scriptsWith(), { cuts })
  t.comment('done:', done)
  t.comment('under way when the power was cut:', cut)
  const interrupted = Object.values(cut).reduce((sum, count) => sum + count, 0)
  // There are two who change things; between two changes of both is little time.
  t.ok(interrupted >= cuts, 'every time something was under way')
  for (const [round, what] of wrong.entries()) t.same(what, [], `after cut ${round + 1}`)
})

const spoilt = [
  ['a log that fsync waits for', 'zfs set sync=disabled tank'],
  ['flushes of the disk', 'echo 1 >/sys/module/zfs/parameters/zfs_nocacheflush'],
] as const

for (const [without, spoil] of spoilt) {
  t.test(`the same without ${without}`, async (t) => {
    // Whatever else is done waits for a transaction group, and with it for all that was before.
    const env = { CHANGES: 'create,set' }
    const { wrong } = await drill(lab, scriptsWith(spoil), { cuts: 10, env, untilWrong: true })
    t.ok(wrong.flat().length > 0, 'something is lost')
    t.comment(wrong.flat().join('\n'))
  })
}
