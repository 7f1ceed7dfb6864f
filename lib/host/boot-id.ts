// Tells one run of the machine from the next.

import { readFile } from 'node:fs/promises'

let known: Promise<string> | null = null

export function bootId(): Promise<string> {
  known ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((text) => text.trim())
  return known
}
