// Which OpenZFS the kernel has. Mounts of its datasets can have other ids since 2.2, and without that no container
// can be on it.

import { readFileSync } from 'node:fs'
import { UnsupportedError } from '../../host/errors.js'

const NEEDED = { major: 2, minor: 2 }

/**
 * @param version `2.1.11-1+deb12u1`; null where there is none, which what follows finds out by itself
 * @throws UnsupportedError
 */
export function assertVersion(version: string | null = loadedVersion()): void {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? []
  if (version === null || major === undefined || minor === undefined) return
  const newer = Number(major) - NEEDED.major || Number(minor) - NEEDED.minor
  if (newer >= 0) return
  const reason = `its mounts cannot have other ids before ${NEEDED.major}.${NEEDED.minor}`
  throw new UnsupportedError(`a pool on OpenZFS ${version}`, reason)
}

/**
 * Whether root of a user namespace is nobody to the zpool, zpool(8). Before 2.3.9 whoever is that, and can open
 * /dev/zfs, can set a zpool's properties and scrub it (2.3.2, tried). What is not known to be mended is refused.
 *
 * @throws UnsupportedError
 */
export function assertConfining(version: string | null = loadedVersion()): void {
  const [, patch] = /^2\.3\.(\d+)/.exec(version ?? '') ?? []
  if (patch !== undefined && Number(patch) >= 9) return
  const reason =
    'it would have the whole zpool in its hands; of 2.3.9, and later ones of 2.3, it is known not to'
  throw new UnsupportedError(`a dataset in the hands of a container on OpenZFS ${version}`, reason)
}

function loadedVersion(): string | null {
  try {
    return readFileSync('/sys/module/zfs/version', 'utf8').trim()
  } catch {
    return null
  }
}
