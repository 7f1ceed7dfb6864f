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

function loadedVersion(): string | null {
  try {
    return readFileSync('/sys/module/zfs/version', 'utf8').trim()
  } catch {
    return null
  }
}
