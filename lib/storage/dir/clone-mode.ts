// Finds out how images can be cloned in a directory, by trying.

import { mkdir, mkdtemp, readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { UnsupportedError } from '../../host/errors.js'
import { whyNoIdmap } from '../../ns/idmap.js'
import { Mount } from '../../ns/mount.js'
import { canReflink, removeTree } from '../../ns/tree.js'
import type { CloneMode } from '../../schema/pool.js'

/** Whether a mode works in a directory, and why not. */
export interface CloneModeProbe {
  readonly mode: CloneMode
  readonly works: boolean
  readonly reason: string | null
}

const OVERLAYFS_MAGIC = 0x794c7630

/** Every mode, the best first. */
export async function probeCloneModes(directory: string): Promise<readonly CloneModeProbe[]> {
  const overlay = await whyNoOverlay(directory)
  const reflink = (await canReflink(directory)) ? null : 'files here cannot share blocks'
  return [
    { mode: 'overlay', works: overlay === null, reason: overlay },
    { mode: 'reflink', works: reflink === null, reason: reflink },
    { mode: 'copy', works: true, reason: null },
  ]
}

/** @throws UnsupportedError when the wanted mode does not work in the directory */
export async function chooseCloneMode(
  directory: string,
  wanted: CloneMode | 'auto',
): Promise<CloneMode> {
  const probes = await probeCloneModes(directory)
  const probe = probes.find(({ mode, works }) => (wanted === 'auto' ? works : mode === wanted))
  if (probe === undefined || !probe.works) {
    throw new UnsupportedError(
      `clone mode '${wanted}' in '${directory}'`,
      probe?.reason ?? 'unknown',
    )
  }
  return probe.mode
}

/**
 * Whether the kernel has the overlay filesystem. /proc/filesystems does not say it where overlay is a
 * module, as on Debian: asking for a mount of it loads the module.
 */
export async function hasOverlay(): Promise<boolean> {
  if (/\boverlay$/m.test(await readFile('/proc/filesystems', 'utf8'))) return true
  try {
    await using _mount = await Mount.create('overlay')
  } catch {
    // It cannot succeed without layers; what counts is what it has loaded.
  }
  return /\boverlay$/m.test(await readFile('/proc/filesystems', 'utf8'))
}

async function whyNoOverlay(directory: string): Promise<string | null> {
  if (!(await hasOverlay())) return 'the kernel has no overlay filesystem'
  if ((await statfs(directory)).type === OVERLAYFS_MAGIC) {
    return 'the directory is on an overlay filesystem itself, and these do not stack'
  }
  const probe = await mkdtemp(join(directory, '.probe-'))
  try {
    const [lowerdir, upperdir, workdir] = ['lower', 'upper', 'work'].map((name) =>
      join(probe, name),
    )
    for (const path of [lowerdir, upperdir, workdir]) await mkdir(path ?? '')
    // Detached: it never appears anywhere, and goes with its descriptor.
    await using _overlay = await Mount.create('overlay', {
      lowerdir: lowerdir ?? '',
      upperdir: upperdir ?? '',
      workdir: workdir ?? '',
    })
    // Its layers are idmapped.
    return await whyNoIdmap(probe)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await removeTree(probe)
  }
}
