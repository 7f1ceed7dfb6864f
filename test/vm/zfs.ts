// OpenZFS's modules for the image's kernel, compiled once: a layer that is laid over the image's root.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cached } from './cache.js'
import { debianRoot } from './debian-root.js'
import { squash, type DebianImage } from './image.js'
import { program } from './program.js'

/** A squashfs file. The first time takes some minutes of compiling. */
export async function zfsLayer({
  distribution,
  release,
  zfsVersion,
}: DebianImage): Promise<string> {
  const directory = await cached(`zfs-${release}-${zfsVersion}`, async (directory) => {
    const builder = mkdtempSync(join(directory, 'builder-'))
    // The package compiles itself for the kernel beside it. An archive keeps a kernel for some time
    // only; an image that is older than that has to be made anew.
    const kernel = [`linux-image-${release}`, `linux-headers-${release}`]
    await debianRoot(builder, distribution, [...kernel, 'zfs-dkms', 'kmod'])
    const layer = mkdtempSync(join(directory, 'layer-'))
    // An emulated processor is slow at unpacking.
    const updates = join(builder, 'usr/lib/modules', release, 'updates')
    await program('find', [updates, '-name', '*.ko.xz', '-exec', 'xz', '-d', '{}', '+'])
    await program('chroot', [builder, 'depmod', release])
    takeModules(join(builder, 'usr/lib/modules', release), join(layer, 'usr/lib/modules', release))
    await squash(layer, join(directory, 'zfs.squashfs'))
    for (const path of [builder, layer]) rmSync(path, { recursive: true })
  })
  return join(directory, 'zfs.squashfs')
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
