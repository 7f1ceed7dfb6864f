// A pool of ZFS for a test, in a file; what the usual programs say of it, and what is in its files.
import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'
import { upTo } from './time.js'

export const zfs = (...args: string[]): string =>
  execFileSync('zfs', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

/** The kernel lets go of what was just mounted, or written to, a moment later. */
export async function destroyTree(dataset: string): Promise<void> {
  const end = Date.now() + upTo(10_000)
  for (;;) {
    try {
      zfs('destroy', '-r', dataset)
      return
    } catch (error) {
      if (!String(error).includes('dataset is busy') || Date.now() > end) throw error
    }
    await setTimeout(50)
  }
}

let pools = 0

/** Its name. Nothing of it is mounted. @param options of `zpool create` */
export function testPool(t: Test, megabytes = 256, ...options: readonly string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'zpool-'))
  const file = join(directory, 'disk')
  writeFileSync(file, '')
  truncateSync(file, megabytes * 2 ** 20)
  const name = `test-${process.pid}-${pools++}`
  const usual = ['-O', 'canmount=noauto', '-m', 'none']
  execFileSync('zpool', ['create', ...usual, ...options, name, file])
  t.teardown(() => {
    execFileSync('zpool', ['destroy', '-f', name])
    rmSync(directory, { recursive: true })
  })
  return name
}

/** Has a filesystem or snapshot mounted meanwhile. */
function mounted<T>(dataset: string, work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'zfs-'))
  execFileSync('mount', ['-i', '-t', 'zfs', dataset, directory])
  try {
    return work(directory)
  } finally {
    execFileSync('umount', [directory])
    rmdirSync(directory)
  }
}

/** Writes a file of bytes that do not compress. */
export function fill(dataset: string, file: string, bytes: number): void {
  mounted(dataset, (directory) => {
    writeFileSync(join(directory, file), randomBytes(bytes))
  })
}

/** Of its files, by name: what a copy of it must have, too. */
export function contentOf(snapshot: string): Record<string, string> {
  return mounted(snapshot, (directory) =>
    Object.fromEntries(
      readdirSync(directory)
        .sort()
        .map((name) => [
          name,
          createHash('sha256')
            .update(readFileSync(join(directory, name)))
            .digest('hex'),
        ]),
    ),
  )
}
