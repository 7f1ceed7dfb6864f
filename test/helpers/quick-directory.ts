// Where a pool is quick: in memory, where containers can have one there.
import { statfsSync } from 'node:fs'
import { release, tmpdir } from 'node:os'

const gibibyte = 2 ** 30

/** tmpfs can be idmapped since Linux 6.3. */
export function idmapsTmpfs(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number)
  return major > 6 || (major === 6 && minor >= 3)
}

export function quickDirectory(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    if (idmapsTmpfs() && bavail * bsize > 2 * gibibyte) return '/dev/shm'
  } catch {
    // There is none.
  }
  return tmpdir()
}
