// How qemu is called for a machine of the lab.
import type { Accelerator } from './accelerator.js'
import type { Image } from './image.js'

export interface Disk {
  /** What the guest finds it by: /sys/block/*\/serial. */
  readonly name: string
  readonly file: string
  /** `discarded`: what is written is the machine's own and gone with it. */
  readonly writes?: 'kept' | 'discarded'
}

/** Each machine has it, so that all can be restored from one state; what is behind it may differ. */
export const dataDisk = { name: 'data', size: 2 ** 30 }

export const inits = {
  /** Nothing but mounts and the agent. */
  lab: '/usr/lib/lab/lab-init',
  systemd: '/usr/lib/systemd/systemd',
  // Where all distributions have it, also those whose package would remove systemd's.
  runit: '/usr/lib/runit/runit-init',
} as const

export interface Hardware {
  readonly image: Image
  readonly initramfs: string
  readonly accelerator: Accelerator
  readonly init?: keyof typeof inits
  readonly memoryMb?: number
  /** Default: two. */
  readonly processors?: number
  readonly disks?: readonly Disk[]
  /** Disks that the root is put together of, the uppermost first; none: the image's root as it is. */
  readonly layers?: readonly string[]
  /** What is behind the data disk, of `dataDisk.size` bytes; default: nothing that keeps anything. */
  readonly data?: string
  /** Where the cable of its network card goes; default: nowhere. */
  readonly netdev?: string
}

// What a kernel complains of, and goes on, is not passed over.
const quiet = ['quiet', 'panic=-1', 'oops=panic', 'mitigations=off', 'nokaslr', 'tsc=reliable']
// An emulator translates a program's code again for each address that it is found at.
const emulated = ['norandmaps']
const security = ['apparmor=1', 'security=apparmor']

/** @param directory for the console's text and the sockets */
export function qemuArguments(hardware: Hardware, directory: string): string[] {
  const { image, initramfs, accelerator, init = 'lab', disks = [], layers = ['root'] } = hardware
  const speed = accelerator.name === 'tcg' ? emulated : []
  const lab = [`lab.init=${inits[init]}`, `lab.layers=${layers.join()}`]
  const options = [...quiet, ...speed, ...security, ...lab]
  const root: Disk = {
    ...{ name: 'root', file: image.root },
    ...(layers.length === 0 ? { writes: 'discarded' } : {}),
  }
  const data = hardware.data ?? `driver=null-co,size=${dataDisk.size},read-zeroes=on`
  return [
    ...accelerator.args,
    ...['-machine', 'q35,graphics=off,vmport=off', '-no-user-config', '-nodefaults'],
    ...['-display', 'none', '-no-reboot'],
    ...['-smp', String(hardware.processors ?? 2), '-m', String(hardware.memoryMb ?? 1024)],
    ...['-kernel', image.kernel, '-initrd', initramfs],
    ...['-append', `console=ttyS0 ${options.join(' ')}`],
    ...['-serial', `file:${directory}/console`],
    ...['-qmp', `unix:${directory}/qmp,server=on,wait=off`],
    // Of a restored machine it is another one, for which Linux (5.18) begins its random numbers anew.
    ...['-device', 'vmgenid,guid=auto'],
    ...['-device', 'virtio-serial-pci'],
    ...['-chardev', `socket,id=lab,path=${directory}/lab,server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=lab,name=lab'],
    ...['-object', 'rng-random,id=random,filename=/dev/urandom'],
    ...['-device', 'virtio-rng-pci,rng=random'],
    ...[root, ...disks].flatMap(diskArguments),
    ...['-drive', `if=none,id=${dataDisk.name},format=raw,cache=writeback,${prefixed(data)}`],
    ...['-device', disk(dataDisk.name)],
    ...['-netdev', `${hardware.netdev ?? 'hubport,hubid=0'},id=network`],
    ...['-device', 'virtio-net-pci,netdev=network,romfile='],
  ]
}

// What stands below the format is said with a prefix.
function prefixed(options: string): string {
  return options
    .split(',')
    .map((option) => `file.${option}`)
    .join()
}

function diskArguments({ name, file, writes }: Disk): string[] {
  const how = writes === undefined ? 'readonly=on' : `snapshot=${writes === 'kept' ? 'off' : 'on'}`
  const drive = `if=none,id=${name},format=raw,cache=unsafe,${how},file=${file}`
  return ['-drive', drive, '-device', disk(name)]
}

// When there is no room for it here, the guest gets an error. By default qemu stops the guest until there
// is some, which looks as if it hung.
function disk(name: string): string {
  return `virtio-blk-pci,drive=${name},serial=${name},werror=report`
}
