// What a stopped container has left in the kernel: cgroups of it, and its end of a network interface.

import { z } from 'zod'
import { InUseError } from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { removeCgroup } from '../host/recover.js'
import type { Known } from '../keeper/types.js'
import { deleteVeth } from '../net/veth.js'
import { parse } from '../schema/parse.js'
import { belongingsOf, stillThere, type Belonging } from './belongings.js'
import type { ContainerRecord } from './record.js'
import { askKeeper } from './recover-state.js'

/** It can be given up between what it removes. */
export interface RecoverCleanupOptions extends OperationOptions {
  /** Default true. */
  readonly cgroups?: boolean | undefined
  /** Default true. */
  readonly networkInterfaces?: boolean | undefined
  /** Kills what still runs in them; otherwise it is refused then. Default false. */
  readonly force?: boolean | undefined
}

export interface CleanupReport {
  readonly removed: readonly Belonging[]
  /** What could not be. */
  readonly left: readonly Belonging[]
}

const given = z.object({
  cgroups: z.boolean().default(true),
  networkInterfaces: z.boolean().default(true),
  force: z.boolean().default(false),
})

/**
 * @param adopt takes over what runs after all
 * @throws StateError unless it is stopped, which the keeper is asked; InUseError naming processes
 */
export async function recoverCleanup(
  record: ContainerRecord,
  adopt: (known: Known) => Promise<void>,
  options: RecoverCleanupOptions = {},
): Promise<CleanupReport> {
  checkOptions(options, 'recoverCleanup', ['cgroups', 'networkInterfaces', 'force'])
  const { cgroups, networkInterfaces, force, ...more } = options
  const wanted = parse(given, { cgroups, networkInterfaces, force }, 'recoverCleanup')
  using op = await record.begin('recover', more)
  await askKeeper(record, adopt)
  record.assertStopped('recoverCleanup')
  const all = (await belongingsOf(record)).filter(
    ({ type }) =>
      (type === 'cgroup' && wanted.cgroups) || (type === 'interface' && wanted.networkInterfaces),
  )
  const { host } = record
  const paths = new Set(all.flatMap((one) => cgroupPath(record, one)))
  if (!wanted.force) await assertEmpty(record, paths)
  for (const path of paths) {
    op.signal?.throwIfAborted()
    // What stays is in the report.
    await (wanted.force ? removeCgroup(host, path) : host.cgroups.dir(path).remove()).catch(
      () => undefined,
    )
  }
  op.signal?.throwIfAborted()
  for (const { type, what } of all) if (type === 'interface') await deleteVeth(what)
  const left = await stillThere(all)
  const removed = all.filter((one) => !left.includes(one))
  return Object.freeze({ removed, left })
}

/** Relative to the hierarchies, which may have it in part. */
function cgroupPath({ host }: ContainerRecord, { type, what }: Belonging): string[] {
  if (type !== 'cgroup') return []
  const root = host.cgroups.hierarchies.find(({ mountpoint }) => what.startsWith(`${mountpoint}/`))
  return root === undefined ? [] : [what.slice(root.mountpoint.length + 1)]
}

async function assertEmpty(record: ContainerRecord, paths: ReadonlySet<string>): Promise<void> {
  const found = await Promise.all([...paths].map((path) => record.host.cgroups.dir(path).procs()))
  const pids = [...new Set(found.flat())]
  if (pids.length === 0) return
  const reference = `${record.pool.name}:${record.id}`
  throw new InUseError(
    'container',
    reference,
    pids.map((pid) => `process ${pid}`),
  )
}
