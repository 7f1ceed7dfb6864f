// What a machine boots from, built of Debian's packages once and then from the cache.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached, idOf, keyOf } from './cache.js'
import { debianRoot, script } from './debian-root.js'
import { distributions, type Distribution, type DistributionName } from './distribution.js'
import { extractEarlyModules, extractKernel, kernelRelease } from './kernel.js'
import { addNode } from './node-binary.js'
import { program, projectRoot } from './program.js'

export interface Image {
  readonly kernel: string
  /** A squashfs, or an ext4 for machines without layers. */
  readonly root: string
  /** A directory of what the initramfs loads. */
  readonly modules: string
  /** As `uname -r` says it. */
  readonly release: string
  /** Another one is another image, which may be of the same recipe. */
  readonly key: string
}

export interface DebianImage extends Image {
  readonly distribution: Distribution
  /** Of the programs, which the modules must be the same as. */
  readonly zfsVersion: string
}

/** A disk that is in the cache; made anew it has another id. */
export interface MadeDisk {
  readonly file: string
  readonly id: string
}

// Compression that an emulated processor undoes quickly. A file that cannot be read is left out otherwise.
export const squashing = ['-comp', 'lz4', '-noappend', '-exit-on-error', '-quiet', '-no-progress']

/** Of an image: another one makes another. */
export const recipe = keyOf(
  script,
  ...['image', 'kernel', 'node-binary'].map((name) =>
    readFileSync(join(projectRoot, `test/vm/${name}.ts`)),
  ),
)

export async function squash(from: string, to: string, ...more: string[]): Promise<void> {
  await program('mksquashfs', [from, to, ...squashing, ...more])
}

/** What there is to boot that root, beside it. */
export async function extractBoot(root: string, directory: string): Promise<void> {
  await extractKernel(root, join(directory, 'vmlinux'))
  const modules = join(directory, 'modules')
  mkdirSync(modules)
  await extractEarlyModules(root, modules)
  writeFileSync(join(directory, 'release'), kernelRelease(root))
}

/** An image of what a cached directory has. */
export function imageIn(directory: string, root: string, key: string): Image {
  return {
    kernel: join(directory, 'vmlinux'),
    root: join(directory, root),
    modules: join(directory, 'modules'),
    release: readFileSync(join(directory, 'release'), 'utf8'),
    key,
  }
}

export async function debianImage(name: DistributionName): Promise<DebianImage> {
  const distribution: Distribution = distributions[name]
  const key = keyOf(JSON.stringify(distribution), recipe)
  const directory = await cached(`image-${name}-${key}`, async (directory) => {
    const root = mkdtempSync(join(directory, 'root-'))
    await debianRoot(root, distribution, distribution.packages)
    await addNode(root)
    await extractBoot(root, directory)
    const query = [
      '--admindir',
      join(root, 'var/lib/dpkg'),
      '-W',
      '-f',
      '${Version}',
      'zfsutils-linux',
    ]
    writeFileSync(join(directory, 'zfs-version'), await program('dpkg-query', query))
    const useless = ['boot', 'var/cache/apt', 'var/lib/apt/lists']
    await squash(root, join(directory, 'root.squashfs'), '-e', ...useless)
    rmSync(root, { recursive: true })
  })
  return {
    ...imageIn(directory, 'root.squashfs', idOf(directory)),
    distribution,
    zfsVersion: readFileSync(join(directory, 'zfs-version'), 'utf8'),
  }
}
