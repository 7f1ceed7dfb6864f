// Machines with the project inside, each of its own and there in a second: restored from one saved state.
import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accelerator, processor, type Accelerator } from './accelerator.js'
import type { Plug } from './cable.js'
import { cached, keyOf } from './cache.js'
import { chosen, type DistributionName } from './distribution.js'
import { debianImage } from './image.js'
import { makeInitramfs } from './initramfs.js'
import { Machine } from './machine.js'
import { program } from './program.js'
import { makeProjectDisk, packagesDisk } from './project-disk.js'
import { qemuArguments, type Disk, type Hardware } from './qemu.js'
import { temporaryDirectory } from './temporary.js'
import { keepZfsLayer, zfsLayer } from './zfs.js'

const packages = '/usr/lib/lab/node_modules'
export const projectInGuest = '/vpsadminos'

export interface LabOptions extends Pick<Hardware, 'init'> {
  /** Default: the first one that `--on` names. */
  readonly distribution?: DistributionName
  /** With ZFS loaded: half a minute more when a state is saved, minutes the very first time. */
  readonly zfs?: boolean
  /** Default: one where it is emulated, which then takes two thirds of the time; else two. */
  readonly processors?: number
  /** The engine is loaded by who waits for a module: once, instead of in each machine. */
  readonly loaded?: boolean
}

export interface MachineOptions {
  /** Behind its data disk, as qemu is told of it: `VolatileDisk.drive()`. */
  readonly data?: string
  readonly plug?: Plug
}

export class Lab {
  readonly #directory: string
  readonly #state: string
  /** The project is there when a machine is restored. */
  readonly #mounted: boolean
  readonly hardware: Hardware
  readonly accelerator: Accelerator
  /** What every program in the guest is told. */
  readonly env: Readonly<Record<string, string>>

  private constructor(directory: string, state: string, hardware: Hardware, mounted: boolean) {
    this.#directory = directory
    this.#state = state
    this.#mounted = mounted
    this.hardware = withScratch(hardware, state, 'discarded')
    this.accelerator = hardware.accelerator
    this.env = { ...timing(hardware.accelerator), REQUIRED: process.env['REQUIRED'] ?? '' }
  }

  /** Takes minutes the very first time, half of one when our part of the guest has changed, else seconds. */
  static async open(options: LabOptions = {}): Promise<Lab> {
    const { distribution = chosen()[0], init = 'lab', zfs = false, loaded = false } = options
    const directory = temporaryDirectory('lab')
    try {
      const image = await debianImage(distribution)
      const initramfs = join(directory, 'initramfs')
      const project = join(directory, 'project')
      await makeInitramfs(image, initramfs)
      await makeProjectDisk(project)
      const npm = await packagesDisk()
      const modules = zfs ? await zfsLayer(image) : null
      keepZfsLayer(image)
      const by = await accelerator(image)
      const hardware: Hardware = {
        image,
        initramfs,
        accelerator: by,
        init,
        processors: options.processors ?? (by.name === 'tcg' ? 1 : 2),
        layers: modules === null ? ['root'] : ['zfs', 'root'],
        disks: [
          ...(modules === null ? [] : [{ name: 'zfs', file: modules.file }]),
          { name: 'packages', file: npm.file },
          { name: 'project', file: project },
        ],
      }
      const saved = await savedState(hardware, [npm.id, modules?.id ?? ''])
      const state = loaded ? await loadedState(hardware, saved, join(directory, 'loaded')) : saved
      return new Lab(directory, state, hardware, loaded)
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
    try {
      if (!this.#mounted) await machine.shell(mountProject)
      return machine
    } catch (error) {
      await machine.stop()
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

function timing({ timeFactor }: Accelerator): Record<string, string> {
  return { TIME_FACTOR: String(timeFactor), TAP_TIMEOUT: '0', CI: '1' }
}

const scratchSize = 8 * 2 ** 30
const loaded = ['tap/dist/esm/index.js', 'zod/index.js', 'yaml/dist/index.js']
// Compiling at run time is what an emulator does again, and worse: a tenth slower than interpreting.
const interpreting = '--jitless --no-expose-wasm'
// In the shell of the machine to be saved: before the packages are loaded, and after it.
const prepare = `
  /usr/lib/lab/mount-scratch
  /usr/lib/lab/mount-disk packages ${packages}
  mkdir -p /usr/lib/lab/project/write ${projectInGuest}
`
const mountProject = '/usr/lib/lab/mount-project'
const loadZfs = 'modprobe zfs; chmod 666 /dev/zfs'
const calm = 'sync; echo 3 >/proc/sys/vm/drop_caches'

/** @param disks ids of the disks that it will have looked at */
async function savedState(hardware: Hardware, disks: readonly string[]): Promise<string> {
  const script = prepare + (hardware.layers?.includes('zfs') ? loadZfs : '')
  const env = {
    ...timing(hardware.accelerator),
    TAP_CWD: projectInGuest,
    LAB_MODULES: loaded.map((file) => `${packages}/${file}`).join(' '),
    LAB_NODE_FLAGS: hardware.accelerator.name === 'tcg' ? interpreting : '',
  }
  const key = keyOf(
    await program('qemu-system-x86_64', ['--version']),
    hardware.image.key,
    contents(hardware.initramfs),
    disks.join(),
    qemuArguments({ ...hardware, initramfs: '', disks: [] }, '').join('\n'),
    (hardware.disks ?? []).map(({ name, file }) => `${name} ${statSync(file).size}`).join('\n'),
    JSON.stringify([script, env, calm, scratchSize]),
    // Its kernel has chosen by what the processor can do.
    hardware.accelerator.name === 'kvm' ? processor() : '',
  )
  return await cached(`state-${key}`, async (directory) => {
    writeFileSync(scratchIn(directory), '')
    truncateSync(scratchIn(directory), scratchSize)
    await using machine = await Machine.boot(withScratch(hardware, directory, 'kept'))
    await machine.shell(script)
    await machine.warm(env)
    await machine.shell(calm)
    await machine.save(join(directory, 'state'))
  })
}

/** For this run alone: one that has the project as well, and a Node.js that has loaded the engine. */
async function loadedState(hardware: Hardware, saved: string, state: string): Promise<string> {
  mkdirSync(state)
  // Most of it is nothing, which is not to be written.
  await program('cp', ['--sparse=always', scratchIn(saved), scratchIn(state)])
  await using machine = await Machine.restore(
    withScratch(hardware, state, 'kept'),
    join(saved, 'state'),
  )
  await machine.shell(mountProject)
  await machine.load(`${projectInGuest}/dist/index.js`)
  await machine.shell(calm)
  await machine.save(join(state, 'state'))
  return state
}

/** A filesystem for the guest's /tmp and tests, that is none in memory: those cannot be mapped by old kernels. */
function withScratch(hardware: Hardware, state: string, writes: 'kept' | 'discarded'): Hardware {
  const scratch: Disk = { name: 'scratch', file: scratchIn(state), writes }
  return { ...hardware, disks: [...(hardware.disks ?? []), scratch] }
}

function scratchIn(state: string): string {
  return join(state, 'scratch')
}

// The same whenever it is made of the same.
function contents(initramfs: string): string {
  return keyOf(readFileSync(initramfs))
}
