// A pool of ZFS for a test, in a file; and what the usual programs say of it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

export const zfs = (...args: string[]): string =>
  execFileSync('zfs', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

let pools = 0

/** Its name. Nothing of it is mounted. */
export function testPool(t: Test, megabytes = 256): string {
  const directory = mkdtempSync(join(tmpdir(), 'zpool-'))
  const file = join(directory, 'disk')
  writeFileSync(file, '')
  truncateSync(file, megabytes * 2 ** 20)
  const name = `test-${process.pid}-${pools++}`
  execFileSync('zpool', ['create', '-O', 'canmount=noauto', '-m', 'none', name, file])
  t.teardown(() => {
    execFileSync('zpool', ['destroy', '-f', name])
    rmSync(directory, { recursive: true })
  })
  return name
}
