// Machines with the project inside, each of its own and there in a second: restored from one saved state.
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accelerator, type Accelerator } from './accelerator.js'
import type { Plug } from './cable.js'
import { cached, keyOf } from './cache.js'
import type { DistributionName } from './distribution.js'
import { debianImage } from './image.js'
import { makeInitramfs } from './initramfs.js'
import { Machine } from './machine.js'
import { program } from './program.js'
import { makeProjectDisk, packagesDisk } from './project-disk.js'
import { qemuArguments, type Disk, type Hardware } from './qemu.js'
import { zfsLayer } from './zfs.js'

const packages = '/usr/lib/lab/node_modules'
export const projectInGuest = '/vpsadminos'

export interface LabOptions extends Pick<Hardware, 'init'> {
  /** Default: Debian 13. */
  readonly distribution?: DistributionName
  /** With ZFS loaded: half a minute more when a state is saved, minutes the very first time. */
  readonly zfs?: boolean
}

export interface MachineOptions {
  /** Behind its data disk, as qemu is told of it: `VolatileDisk.drive()`. */
  readonly data?: string
  readonly plug?: Plug
}

export class Lab {
  readonly #directory: string
  readonly #state: string
  readonly hardware: Hardware
  readonly accelerator: Accelerator
  /** What every program in the guest is told. */
  readonly env: Readonly<Record<string, string>>

  private constructor(directory: string, state: string, hardware: Hardware) {
    this.#directory = directory
    this.#state = state
    this.hardware = hardware
    this.accelerator = hardware.accelerator
    this.env = environment(hardware.accelerator)
  }

  /** Takes minutes the very first time, seconds when our part of the guest has changed, else one. */
  static async open(options: LabOptions = {}): Promise<Lab> {
    const { distribution = 'debian-13', init = 'lab', zfs = false } = options
    const directory = mkdtempSync(join(tmpdir(), 'vpsadminos-lab-'))
    try {
      const image = await debianImage(distribution)
      const initramfs = join(directory, 'initramfs')
      const project = join(directory, 'project')
      await Promise.all([makeInitramfs(image, initramfs), makeProjectDisk(project)])
      const npm = await packagesDisk()
      const hardware: Hardware = {
        image,
        initramfs,
        accelerator: await accelerator(image),
        init,
        layers: zfs ? ['zfs', 'root'] : ['root'],
        disks: [
          ...(zfs ? [{ name: 'zfs', file: await zfsLayer(image) }] : []),
          { name: 'packages', file: npm.file },
          { name: 'project', file: project },
        ],
      }
      const state = await savedState(hardware, npm.key)
      const scratch = { ...scratchDisk(state), writes: 'discarded' } as const
      return new Lab(directory, state, { ...hardware, disks: [...(hardware.disks ?? []), scratch] })
    } catch (error) {
      rmSync(directory, { recursive: true })
      throw error
    }
  }

  /** One that runs, with the project at `projectInGuest`. */
  async machine({ data, plug }: MachineOptions = {}): Promise<Machine> {
    const hardware = {
      ...this.hardware,
      ...(data === undefined ? {} : { data }),
      ...(plug === undefined ? {} : { netdev: plug.netdev }),
    }
    const machine = await Machine.restore(hardware, join(this.#state, 'state'))
    const { code, stderr } = await machine.run(['/usr/lib/lab/mount-project'])
    if (code === 0) return machine
    await machine.stop()
    throw new Error(`the project cannot be mounted: ${stderr}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function environment({ timeFactor }: Accelerator): Record<string, string> {
  return { TIME_FACTOR: String(timeFactor), TAP_TIMEOUT: '0', CI: '1' }
}

async function savedState(hardware: Hardware, packagesKey: string): Promise<string> {
  const key = keyOf(
    await program('qemu-system-x86_64', ['--version']),
    hardware.image.key,
    contents(hardware.initramfs),
    packagesKey,
    qemuArguments({ ...hardware, initramfs: '', disks: [] }, '').join('\n'),
    (hardware.disks ?? []).map(({ name, file }) => `${name} ${statSync(file).size}`).join('\n'),
  )
  return await cached(`state-${key}`, async (directory) => {
    const scratch = { ...scratchDisk(directory), writes: 'kept' } as const
    writeFileSync(scratch.file, '')
    truncateSync(scratch.file, 8 * 2 ** 30)
    const disks = [...(hardware.disks ?? []), scratch]
    await using machine = await Machine.boot({ ...hardware, disks })
    const prepare = `
      /usr/lib/lab/mount-scratch
      /usr/lib/lab/mount-disk packages ${packages}
      mkdir -p /usr/lib/lab/project/write ${projectInGuest}
      ${hardware.layers?.includes('zfs') ? 'modprobe zfs; chmod 666 /dev/zfs' : ''}
    `
    const { code, stderr } = await machine.run(['sh', '-ec', prepare])
    if (code !== 0) throw new Error(`the machine cannot be prepared: ${stderr}`)
    const tap = `${packages}/tap/dist/esm/index.js`
    await machine.warm({
      ...environment(hardware.accelerator),
      LAB_TAP: tap,
      TAP_CWD: projectInGuest,
    })
    await machine.run(['sh', '-c', 'sync; echo 3 >/proc/sys/vm/drop_caches'])
    await machine.save(join(directory, 'state'))
  })
}

/** A filesystem for the guest's /tmp and tests, that is none in memory: those cannot be mapped by old kernels. */
function scratchDisk(state: string): Disk {
  return { name: 'scratch', file: join(state, 'scratch') }
}

// The names of modules and scripts in it are the same whenever it is made; times are not.
function contents(initramfs: string): string {
  return keyOf(readFileSync(initramfs))
}
