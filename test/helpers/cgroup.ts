// cgroups and processes for a test, gone when it ends.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'
import { Cgroups } from '../../lib/cgroup/cgroups.js'
import type { CgroupDir } from '../../lib/cgroup/cgroup-dir.js'
import { upTo } from './time.js'

let counter = 0

/** The machine's hierarchies and a cgroup of the test's own in them, not made yet. */
export function testCgroup(t: Test): { cgroups: Cgroups; dir: CgroupDir } {
  const cgroups = Cgroups.mounted()
  const dir = cgroups.dir(`vpsadminos-test-${process.pid}-${++counter}`)
  t.teardown(async () => {
    await dir.kill()
    await dir.remove({ timeoutMs: upTo(10_000) })
    cgroups.close()
  })
  return { cgroups, dir }
}

/** A process that waits until it is killed. */
export async function sleeper(t: Test): Promise<ChildProcess & { pid: number }> {
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
  await once(child, 'spawn')
  t.teardown(() => child.kill('SIGKILL'))
  return child as ChildProcess & { pid: number }
}

/** How a child ended. */
export async function ended(
  child: ChildProcess,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}
