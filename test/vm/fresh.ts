// npm run test:vm -- --fresh: the README's two commands on a Debian 13 on which nobody was before.
import { join } from 'node:path'
import { accelerator } from './accelerator.js'
import { freshImage } from './fresh-image.js'
import { makeInitramfs } from './initramfs.js'
import { Machine } from './machine.js'
import { pad } from './pad.js'
import { program, projectRoot } from './program.js'
import { dataDisk } from './qemu.js'
import { report } from './report.js'
import { temporaryDirectory } from './temporary.js'

const commands = process.argv.length > 2 ? process.argv.slice(2) : ['npm run demo', 'npm test']
const limitMs = 30 * 60_000
// qemu's own network: slirp's router, and its name server, which asks that of the machine we are on.
const network = `
  set -- /sys/class/net/e*
  ip link set "\${1##*/}" up
  ip address add 10.0.2.15/24 dev "\${1##*/}"
  ip route add default via 10.0.2.2
  echo nameserver 10.0.2.3 >/etc/resolv.conf
`
const isProxy = /^(?:https?|no)_proxy$/i
const clone = `
  cd /root
  tar -xf "$(/usr/lib/lab/find-disk data)"
  git clone --quiet vpsadminos.bundle vpsadminos
`

const directory = temporaryDirectory('fresh')
process.exitCode = await fresh()

async function fresh(): Promise<number> {
  console.log('Preparing a fresh Debian 13 …')
  const image = await freshImage()
  const hardware = {
    image,
    initramfs: join(directory, 'initramfs'),
    accelerator: await accelerator(image),
    init: 'systemd',
    memoryMb: 4096,
    layers: [],
    netdev: 'user',
  } as const
  const certificates = process.env['NODE_EXTRA_CA_CERTS']
  const disk = await cargo(certificates)
  await makeInitramfs(image, hardware.initramfs)
  await using machine = await Machine.boot({ ...hardware, data: `driver=file,filename=${disk}` })
  await machine.shell(network + clone)
  const { name, timeFactor } = hardware.accelerator
  console.log(`Linux ${image.release}, ${name === 'kvm' ? 'KVM' : 'emulated: this takes long'}`)

  // Where packages come from and how to get there, and how fast the machine is, are all that it is told.
  const registry = (await program('npm', ['config', 'get', 'registry'], '/')).trim()
  const env = {
    ...{ HOME: '/root', TERM: 'dumb', npm_config_registry: registry },
    ...{ TIME_FACTOR: String(timeFactor), VM: 'no', REQUIRED: process.env['REQUIRED'] ?? '' },
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => isProxy.test(name))),
    ...(certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: '/root/extra-ca.crt' }),
  }
  let failed = 0
  for (const command of commands) {
    console.log(`=== ${command}, in a fresh Debian 13`)
    const done = await report(machine, {
      run: ['bash', '-c', command],
      cwd: '/root/vpsadminos',
      env,
      limitMs: limitMs * timeFactor,
      onOutput: (data, stream) => void process[stream].write(data),
    })
    console.log(`=== ${command}: ${done.outcome} after ${Math.round(done.tookMs / 1000)} s`)
    if (done.outcome === 'passed') continue
    failed++
    console.log(`${done.reason}\n${done.consoleTail}`)
    if (done.outcome !== 'failed') break
  }
  return failed === 0 ? 0 : 1
}

/** What a clone is made of, as a disk: an archive, which ends before the disk does. */
async function cargo(certificates: string | undefined): Promise<string> {
  const bundle = join(directory, 'vpsadminos.bundle')
  await program('git', ['bundle', 'create', '--quiet', bundle, 'HEAD'], projectRoot)
  const disk = join(directory, 'cargo')
  const names = ['vpsadminos.bundle']
  if (certificates !== undefined) {
    await program('cp', ['-L', certificates, join(directory, 'extra-ca.crt')])
    names.push('extra-ca.crt')
  }
  await program('tar', ['-cf', disk, '-C', directory, ...names])
  pad(disk, 'the clone', dataDisk.size)
  return disk
}
