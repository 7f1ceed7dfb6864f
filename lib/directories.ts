// The directories in a directory, where it may be gone meanwhile.

import { readdir } from 'node:fs/promises'

/** Their names; none when it cannot be read. */
export async function directories(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
}
