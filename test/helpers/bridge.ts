// A bridge of the host for a test's containers, at 198.51.100.1; gone with the test.
import { execFileSync } from 'node:child_process'
import type { Test } from 'tap'

/**
 * Ends the file, as skipped, where the kernel has none.
 *
 * @param prefix of its name, so that each test has its own
 */
export function testBridge(t: Test, prefix: string): string {
  const name = `${prefix}${process.pid}`
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' })
  try {
    ip('link', 'add', name, 'type', 'bridge')
  } catch (error) {
    t.plan(0, `no bridges on this kernel: ${String(error)}`)
    process.exit()
  }
  t.teardown(() => void ip('link', 'delete', name))
  ip('address', 'add', '198.51.100.1/24', 'dev', name)
  ip('link', 'set', name, 'up')
  return name
}
