// Whether mounts of a filesystem can have other ids, which each filesystem must know how to.

import { close } from 'node:fs'
import { createUserNs, Mount } from './mount.js'

/** Tries it with a mount that appears nowhere. Null when it can; otherwise what the kernel said. */
export async function whyNoIdmap(directory: string): Promise<string | null> {
  const map = [{ nsId: 0, hostId: 65536, count: 1 }]
  const userNs = await createUserNs(map, map)
  try {
    await using _mount = await Mount.clone(directory, { userNs })
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await new Promise((resolve) => close(userNs, resolve))
  }
}
