// What is in the cgroup hierarchies of this machine, also while it goes.
import { readdirSync, readFileSync } from 'node:fs'

export const hierarchies = readFileSync('/proc/self/mountinfo', 'utf8')
  .split('\n')
  .filter((line) => / - cgroup2? /.test(line))
  .map((line) => line.split(' ')[4] ?? '')

/** Paths of all cgroups below that one, in every hierarchy. */
export function cgroupsBelow(cgroup: string): string[] {
  return hierarchies.flatMap((mountpoint) => directoriesBelow(`${mountpoint}/${cgroup}`))
}

// One that goes while we walk must not hide the others, as it does in a recursive readdir.
function directoriesBelow(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${path}/${entry.name}`)
      .flatMap((child) => [child, ...directoriesBelow(child)])
  } catch (error) {
    if (hasGone(error)) return []
    throw error
  }
}

/** What reading of a cgroup says that was just removed. */
export function hasGone(error: unknown): boolean {
  return ['ENOENT', 'ENODEV'].includes((error as { code?: string }).code ?? '')
}
