// OpenZFS's modules for the image's kernel, compiled once: a layer that is laid over the image's root.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { cached, idOf, keep, keyOf } from './cache.js'
import { debianRoot, script } from './debian-root.js'
import { squash, squashing, type DebianImage, type MadeDisk } from './image.js'
import { program } from './program.js'

function nameOf({ release, zfsVersion }: DebianImage): string {
  return `zfs-${release}-${zfsVersion}-${keyOf(script, squashing.join())}`
}

/** As long as its image is used: tomorrow the archive may not have what it is made of any more. */
export function keepZfsLayer(image: DebianImage): void {
  keep(nameOf(image))
}

/** A squashfs. The first time takes some minutes of compiling. */
export async function zfsLayer(image: DebianImage): Promise<MadeDisk> {
  const { release } = image
  const directory = await cached(nameOf(image), async (directory) => {
    const builder = mkdtempSync(join(directory, 'builder-'))
    await makeBuilder(builder, image)
    const layer = mkdtempSync(join(directory, 'layer-'))
    // An emulated processor is slow at unpacking.
    const updates = join(builder, 'usr/lib/modules', release, 'updates')
    await program('find', [updates, '-name', '*.ko.xz', '-exec', 'xz', '-d', '{}', '+'])
    await program('chroot', [builder, 'depmod', release])
    takeModules(join(builder, 'usr/lib/modules', release), join(layer, 'usr/lib/modules', release))
    await squash(layer, join(directory, 'zfs.squashfs'))
    for (const path of [builder, layer]) rmSync(path, { recursive: true })
  })
  return { file: join(directory, 'zfs.squashfs'), id: idOf(directory) }
}

/** The package compiles itself for the kernel beside it. */
async function makeBuilder(builder: string, image: DebianImage): Promise<void> {
  const kernel = [`linux-image-${image.release}`, `linux-headers-${image.release}`]
  // A package that is for all architectures is not rebuilt for one.
  const modules = `zfs-dkms=${image.zfsVersion.replace(/\+b\d+$/, '')}`
  try {
    await debianRoot(builder, image.distribution, [...kernel, modules, 'kmod'])
  } catch (cause) {
    const { message } = cause as Error
    const hint = `When the archive has no ${image.release} any more, an image with a newer one helps: rm -r ${dirname(image.root)}`
    throw new Error(`${message}\n${compilingSaid(builder) ?? hint}`, { cause })
  }
}

/** Its end, as apt tells no more than the log's name. Null before it has begun. */
function compilingSaid(builder: string): string | null {
  const versions = join(builder, 'var/lib/dkms/zfs')
  if (!existsSync(versions)) return null
  for (const version of readdirSync(versions)) {
    const log = join(versions, version, 'build/make.log')
    if (existsSync(log))
      return `The end of its make.log:\n${readFileSync(log, 'utf8').slice(-4000)}`
  }
  return null
}

/** With the index that knows of them and of the image's own. */
function takeModules(from: string, to: string): void {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    if (name === 'updates' || name.startsWith('modules.')) {
      cpSync(join(from, name), join(to, name), { recursive: true })
    }
  }
}
