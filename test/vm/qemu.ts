// How qemu is called for a machine of the lab.
import type { Accelerator } from './accelerator.js'
import type { Image } from './image.js'

export interface Disk {
  /** What the guest finds it by: /sys/block/*\/serial. */
  readonly name: string
  readonly file: string
  readonly writable?: boolean
}

export const inits = {
  /** Nothing but mounts and the agent. */
  lab: '/usr/lib/lab/lab-init',
  systemd: '/usr/lib/systemd/systemd',
  runit: '/sbin/runit-init',
} as const

export interface Hardware {
  readonly image: Image
  readonly initramfs: string
  readonly accelerator: Accelerator
  readonly init?: keyof typeof inits
  readonly memoryMb?: number
  readonly processors?: number
  readonly disks?: readonly Disk[]
  /** Disks that the root is put together of, the uppermost first. */
  readonly layers?: readonly string[]
}

const quiet = ['quiet', 'panic=-1', 'mitigations=off', 'nokaslr', 'tsc=reliable']
const security = ['apparmor=1', 'security=apparmor']

/** @param directory for the console's text and the sockets */
export function qemuArguments(hardware: Hardware, directory: string): string[] {
  const { image, initramfs, accelerator, init = 'lab', disks = [], layers = ['root'] } = hardware
  const options = [...quiet, ...security, `lab.init=${inits[init]}`, `lab.layers=${layers.join()}`]
  const root: Disk = { name: 'root', file: image.root }
  return [
    ...accelerator.args,
    ...['-machine', 'q35,graphics=off,vmport=off', '-no-user-config', '-nodefaults'],
    ...['-display', 'none', '-no-reboot'],
    ...['-smp', String(hardware.processors ?? 2), '-m', String(hardware.memoryMb ?? 1024)],
    ...['-kernel', image.kernel, '-initrd', initramfs],
    ...['-append', `console=ttyS0 ${options.join(' ')}`],
    ...['-serial', `file:${directory}/console`],
    ...['-qmp', `unix:${directory}/qmp,server=on,wait=off`],
    ...['-device', 'virtio-serial-pci'],
    ...['-chardev', `socket,id=lab,path=${directory}/lab,server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=lab,name=lab'],
    ...['-object', 'rng-random,id=random,filename=/dev/urandom'],
    ...['-device', 'virtio-rng-pci,rng=random'],
    ...[root, ...disks].flatMap(diskArguments),
  ]
}

function diskArguments({ name, file, writable = false }: Disk): string[] {
  const drive = `if=none,id=${name},format=raw,cache=unsafe,readonly=${writable ? 'off' : 'on'},file=${file}`
  return ['-drive', drive, '-device', `virtio-blk-pci,drive=${name},serial=${name}`]
}
