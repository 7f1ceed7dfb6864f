// Machines with the project inside, each of its own and there in a second: restored from one saved state.
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accelerator, type Accelerator } from './accelerator.js'
import { cached, keyOf } from './cache.js'
import { debianImage } from './image.js'
import { makeInitramfs } from './initramfs.js'
import { Machine } from './machine.js'
import { program } from './program.js'
import { makeProjectDisk, packagesDisk } from './project-disk.js'
import { qemuArguments, type Hardware } from './qemu.js'
import { zfsLayer } from './zfs.js'

const packages = '/usr/lib/lab/node_modules'
export const projectInGuest = '/vpsadminos'

export interface LabOptions extends Pick<Hardware, 'init'> {
  /** With ZFS loaded: half a minute more when a state is saved, minutes the very first time. */
  readonly zfs?: boolean
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
  static async open({ init = 'lab', zfs = false }: LabOptions = {}): Promise<Lab> {
    const directory = mkdtempSync(join(tmpdir(), 'vpsadminos-lab-'))
    try {
      const image = await debianImage()
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
      return new Lab(directory, state, hardware)
    } catch (error) {
      rmSync(directory, { recursive: true })
      throw error
    }
  }

  /** One that runs, with the project at `projectInGuest`. */
  async machine(): Promise<Machine> {
    const machine = await Machine.restore(this.hardware, this.#state)
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
  const directory = await cached(`state-${key}`, async (directory) => {
    await using machine = await Machine.boot(hardware)
    const prepare = `
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
  return join(directory, 'state')
}

// The names of modules and scripts in it are the same whenever it is made; times are not.
function contents(initramfs: string): string {
  return keyOf(readFileSync(initramfs))
}
