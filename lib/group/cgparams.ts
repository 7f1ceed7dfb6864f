// Writes cgroup parameters into the kernel, in words that this machine understands.

import type { CgroupDir } from '../cgroup/cgroup-dir.js'
import type { Cgroups } from '../cgroup/cgroups.js'
import type { Cgparam } from '../schema/cgparam.js'

/** Which of the parameters this machine has: those of the version that its controller is in. */
export function usableParams(cgroups: Cgroups, params: readonly Cgparam[]): Cgparam[] {
  return params.filter(({ version, subsystem }) => cgroups.version(subsystem) === version)
}

/**
 * Writes them in order. Memory limits depend on one another, so one that the kernel refuses is tried
 * again after the others.
 *
 * @throws SystemError of the first parameter that stays refused
 */
export async function applyParams(dir: CgroupDir, params: readonly Cgparam[]): Promise<void> {
  const again: Cgparam[] = []
  for (const param of params) {
    try {
      await apply(dir, param)
    } catch (error) {
      if (isMissing(error) && OPTIONAL.has(param.name)) continue
      if (param.subsystem !== 'memory') throw error
      again.push(param)
    }
  }
  for (const param of again) await apply(dir, param)
}

// Kernels can be built or booted without accounting of swap.
const OPTIONAL = new Set(['memory.memsw.limit_in_bytes', 'memory.swap.max'])

async function apply(dir: CgroupDir, { subsystem, name, value }: Cgparam): Promise<void> {
  for (const each of value) await dir.write(subsystem, name, each)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
