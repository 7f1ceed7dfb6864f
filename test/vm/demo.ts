// npm run demo -- --vm: the demo in a machine of its own, with the kernel of a distribution.
//
//   demo.ts IMAGE.tar.zst SUITE zfs|dir [DISTRIBUTION]
import { copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { distributionNamed } from './distribution.js'
import { Lab, projectInGuest } from './lab.js'
import { pad } from './pad.js'
import { dataDisk } from './qemu.js'
import { report } from './report.js'
import { temporaryDirectory } from './temporary.js'

const limitMs = 30_000
const [archive = '', suite = '', storage = '', name = 'debian-13'] = process.argv.slice(2)
const zfs = storage === 'zfs'
const distribution = distributionNamed(name)

const zpool = 'demo'
// As systemd has it, what is mounted is seen by the keeper.
const makeZpool = `
  mount --make-rshared /
  truncate -s 4G /tmp/zpool
  zpool create -m none -O canmount=off ${zpool} /tmp/zpool
`

process.exitCode = await demo(join(temporaryDirectory('demo'), 'image'))

async function demo(disk: string): Promise<number> {
  console.log('Preparing a virtual machine …')
  await using lab = await Lab.open({ distribution, zfs })
  console.log(
    `Linux ${lab.hardware.image.release}; ` +
      (lab.accelerator.name === 'kvm' ? 'KVM' : 'emulated, as there is no KVM: this takes a while'),
  )
  const { size } = statSync(archive)
  copyFileSync(archive, disk)
  pad(disk, archive, dataDisk.size)
  await using machine = await lab.machine({ data: `driver=file,filename=${disk}` })
  const script = `
    head -c ${size} "$(/usr/lib/lab/find-disk data)" >/tmp/image.tar.zst
    ${zfs ? makeZpool : ''}
    exec node scripts/demo/main.js /tmp/image.tar.zst ${suite} ${zfs ? zpool : ''}
  `
  const done = await report(machine, {
    run: ['sh', '-ec', script],
    cwd: projectInGuest,
    env: lab.env,
    limitMs: limitMs * lab.accelerator.timeFactor,
    onOutput: (data, stream) => void process[stream].write(data),
  })
  if (done.outcome === 'passed') return 0
  console.error(`The demo ${done.outcome}: ${done.reason}\n${done.consoleTail}`)
  return 1
}
