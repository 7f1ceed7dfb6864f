// The Debian images that tests boot: built once, then from the cache, as the demo does.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

export const suites = [
  { suite: 'bookworm', version: '12' },
  { suite: 'trixie', version: '13' },
] as const

/** The path of the archive. The first time takes some ten seconds and needs Debian's archive. */
export async function debianImage(suite: (typeof suites)[number]['suite']): Promise<string> {
  const { stdout } = await promisify(execFile)('images/debian/cached.sh', [suite])
  return stdout.trim()
}
