// A Debian 13 as its installer leaves it, on a filesystem of its own: nothing of ours but the agent.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached, idOf, keyOf } from './cache.js'
import { debianRoot } from './debian-root.js'
import type { Distribution } from './distribution.js'
import { extractBoot, imageIn, recipe, type Image } from './image.js'
import { program } from './program.js'

const fresh: Distribution = {
  suite: 'trixie',
  packages: [
    ...[
      'linux-image-cloud-amd64',
      'kmod',
      'systemd',
      'systemd-sysv',
      'dbus',
      'udev',
      'libpam-systemd',
    ],
    ...['iproute2', 'ca-certificates', 'git', 'nodejs', 'npm'],
  ],
  backports: [],
}
const diskSize = 16 * 2 ** 30

export async function freshImage(): Promise<Image> {
  const key = keyOf(JSON.stringify(fresh), recipe, String(diskSize))
  const directory = await cached(`fresh-${key}`, async (directory) => {
    const root = mkdtempSync(join(directory, 'root-'))
    await debianRoot(root, fresh, fresh.packages)
    await extractBoot(root, directory)
    // What made the root smaller than an installer does.
    for (const name of ['apt/apt.conf.d/99mmdebstrap', 'dpkg/dpkg.cfg.d/99mmdebstrap']) {
      rmSync(join(root, 'etc', name), { force: true })
    }
    const disk = join(directory, 'root.ext4')
    writeFileSync(disk, '')
    truncateSync(disk, diskSize)
    await program('mke2fs', ['-q', '-t', 'ext4', '-d', root, disk])
    rmSync(root, { recursive: true })
  })
  return imageIn(directory, 'root.ext4', idOf(directory))
}
