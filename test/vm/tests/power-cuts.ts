// The engine when the power is cut while it creates, copies, changes, renames and deletes containers: what it
// has acknowledged is there, everything else is there wholly or not at all, and every file can be read.
import { requires } from '../../helpers/requires.js'
import { Lab } from '../lab.js'
import { drill } from '../power-drill.js'

const t = requires('root', 'qemu', 'mmdebstrap', 'nbdkit')
t.setTimeout(0)

const cuts = Number(process.env['VM_CUTS'] ?? 20)
const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())

const mount = 'mount "$(/usr/lib/lab/find-disk data)" /srv/power'
const scripts = {
  make: `
    mkfs.ext4 -q "$(/usr/lib/lab/find-disk data)"
    mkdir -p /srv/power
    ${mount}
    images/busybox/build.sh /tmp/busybox.tar
    node test/vm/programs/changes.js /srv/power/tank --install /tmp/busybox.tar
    umount /srv/power
  `,
  change: `
    mkdir -p /srv/power
    ${mount}
    exec node test/vm/programs/changes.js /srv/power/tank
  `,
}

t.test(`${cuts} cuts`, async (t) => {
  const { wrong, done, cut } = await drill(lab, scripts, { cuts })
  t.comment('done:', done)
  t.comment('under way when the power was cut:', cut)
  const interrupted = Object.values(cut).reduce((sum, count) => sum + count, 0)
  // There are two who change things; between two changes of both is little time.
  t.ok(interrupted >= cuts, 'every time something was under way')
  for (const [round, what] of wrong.entries()) t.same(what, [], `after cut ${round + 1}`)
})

t.test('the same without our fsync', async (t) => {
  const env = { LD_PRELOAD: '/usr/lib/x86_64-linux-gnu/libeatmydata.so' }
  const { wrong } = await drill(lab, scripts, { cuts: 10, env, untilWrong: true })
  t.ok(wrong.flat().length > 0, 'something is lost')
  t.comment(wrong.flat().join('\n'))
})
