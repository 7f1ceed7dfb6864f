// Files in which the kernel tells what it counts. They are in memory, and as long as there are things to tell of.

import { open } from 'node:fs/promises'
import { UnsupportedError } from '../host/errors.js'

/**
 * @param most bytes that it may have
 * @throws UnsupportedError for a longer one
 */
export async function readSmall(path: string, most: number): Promise<string> {
  const text = await readBeginning(path, most + 1)
  if (text.length <= most) return text
  throw notUnderstood(path, `it is longer than ${most} bytes`)
}

/** What comes first in one that may be of any length. */
export async function readBeginning(path: string, most: number): Promise<string> {
  const file = await open(path, 'r')
  try {
    const chunks: Buffer[] = []
    let length = 0
    // Such a file is told page by page.
    while (length < most) {
      const room = Buffer.allocUnsafe(Math.min(most - length, 65_536))
      const { bytesRead } = await file.read(room, 0, room.length, null)
      if (bytesRead === 0) break
      chunks.push(room.subarray(0, bytesRead))
      length += bytesRead
    }
    return Buffer.concat(chunks).toString('latin1')
  } finally {
    await file.close()
  }
}

/** A line of it, or what else is wrong with it. */
export function notUnderstood(path: string, what: string): UnsupportedError {
  return new UnsupportedError('the load of the host', `${path}: ${what}`)
}

/** A number as the kernel writes them, or null. */
export function counted(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,20}$/.test(text) ? Number(text) : null
}

/** Numbers alone, or null. */
export function allCounted(words: readonly string[]): number[] | null {
  const numbers = words.map(counted)
  return numbers.every((number) => number !== null) ? numbers : null
}
