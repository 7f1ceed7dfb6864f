// Proves that what was refused has changed nothing: neither on disk nor in the kernel.
import type { Test } from 'tap'
import type { Host } from 'vpsadminos'
import { cgroupsBelow } from './hierarchies.js'
import { listTree, withoutTime } from './trees.js'

/** All that a host has: every file of its pools and run state, every cgroup, every name. */
export interface Trace {
  readonly files: readonly string[]
  readonly cgroups: readonly string[]
  readonly entities: readonly unknown[]
}

/** @param times false where directories may have been written to, as long as nothing stays */
export function traceOf(host: Host, { times = true } = {}): Trace {
  const roots = [...host.pools.list().map(({ path }) => path), host.stateDir]
  const files = roots.flatMap((root) =>
    listTree(root)
      .filter((line) => !/^(keeper\/log|\.lock) /.test(line))
      .map((line) => `${root}: ${times ? line : withoutTime(line)}`),
  )
  const cgroups = cgroupsBelow(host.cgroupRoot).sort()
  const entities = [
    host.pools.list(),
    host.containers.list(),
    host.users.list(),
    host.groups.list(),
    host.idRanges.list(),
    host.images.list(),
  ]
  return { files, cgroups, entities }
}

type ErrorClass = abstract new (...args: never[]) => Error

/**
 * Each attempt must fail with that class of the package and these fields, a literal code among them,
 * and leave everything as it was.
 *
 * @param attempts by what is wrong with them
 */
export async function refused(
  t: Test,
  host: Host,
  kind: ErrorClass,
  fields: { readonly code: string } & Record<string, unknown>,
  attempts: Record<string, () => unknown>,
  options: { times?: boolean } = {},
): Promise<void> {
  const before = traceOf(host, options)
  for (const [what, attempt] of Object.entries(attempts)) {
    // One that throws at once is as good as one that rejects.
    const error: unknown = await Promise.resolve()
      .then(attempt)
      .then(
        () => null,
        (error: unknown) => error,
      )
    t.ok(error instanceof kind, `${what}: ${String(error)}`)
    t.match(error, fields, what)
    t.strictSame(traceOf(host, options), before, `${what}: nothing has changed`)
  }
}
