// Limits and parameters as they come into the cgroup of a container, which may be coming or going.

import { applyParams, usableParams } from '../group/cgparams.js'
import type { Cgparam } from '../schema/cgparam.js'
import type { ContainerRecord } from './record.js'

/** Writes all parameters of the container to its cgroup. */
export async function applyLimits(record: ContainerRecord): Promise<void> {
  await writeParams(record, record.config.cgparams)
}

/**
 * Writes some. In a cgroup that has just ended, or is about to begin, nothing needs to be written: who
 * begins next is given what is in its file.
 *
 * @throws SystemError of what the kernel refuses
 */
export async function writeParams(
  record: ContainerRecord,
  params: readonly Cgparam[],
): Promise<void> {
  const { cgroups } = record.host
  const dir = record.cgroupDir()
  const usable = usableParams(cgroups, params)
  const places = new Set(usable.map(({ subsystem }) => cgroups.mountpoint(subsystem)))
  for (let again = true; ; again = false) {
    try {
      return await applyParams(dir, usable)
    } catch (error) {
      // It comes and goes one hierarchy after the other.
      const there = new Set<string | null>(await dir.exists())
      if (there.size === 0) return
      if (!isGone(error)) throw error
      if (![...places].every((place) => there.has(place))) return
      // It may have come since.
      if (!again) throw error
    }
  }
}

/** Of a cgroup that was not there, or went while its file was open. */
function isGone(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['ENOENT', 'ENODEV'].includes(String(error.code))
  )
}
