// What a machine boots from, built of Debian's packages once and then from the cache.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached, keyOf } from './cache.js'
import { debianRoot, script } from './debian-root.js'
import { extractEarlyModules, extractKernel, kernelRelease } from './kernel.js'
import { program } from './program.js'

const packages = [
  ...['linux-image-cloud-amd64', 'kmod', 'apparmor', 'zfsutils-linux'],
  ...['systemd', 'systemd-sysv', 'dbus', 'udev', 'runit'],
  ...['lxc', 'liblxc1t64', 'lxcfs', 'nodejs'],
  ...['busybox-static', 'attr', 'iproute2', 'procps', 'xz-utils', 'zstd', 'e2fsprogs', 'fdisk'],
]

export interface Image {
  readonly kernel: string
  readonly root: string
  /** A directory of what the initramfs loads. */
  readonly modules: string
  /** As `uname -r` says it. */
  readonly release: string
  /** Of the programs, which the modules must be the same as. */
  readonly zfsVersion: string
  /** Another one is another image. */
  readonly key: string
}

/** Compression that an emulated processor undoes quickly. */
export async function squash(from: string, to: string, ...more: string[]): Promise<void> {
  await program('mksquashfs', [
    from,
    to,
    '-comp',
    'lz4',
    '-noappend',
    '-quiet',
    '-no-progress',
    ...more,
  ])
}

export async function debianImage(): Promise<Image> {
  const key = keyOf(packages.join(), script)
  const directory = await cached(`image-${key}`, async (directory) => {
    const root = mkdtempSync(join(directory, 'root-'))
    await debianRoot(root, packages)
    await extractKernel(root, join(directory, 'vmlinux'))
    const modules = join(directory, 'modules')
    mkdirSync(modules)
    await extractEarlyModules(root, modules)
    writeFileSync(join(directory, 'release'), kernelRelease(root))
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
    kernel: join(directory, 'vmlinux'),
    root: join(directory, 'root.squashfs'),
    modules: join(directory, 'modules'),
    release: readFileSync(join(directory, 'release'), 'utf8'),
    zfsVersion: readFileSync(join(directory, 'zfs-version'), 'utf8'),
    key,
  }
}
