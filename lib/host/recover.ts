// Removes what an audit finds and nobody can miss. What it could not remove the second look tells.

import { join } from 'node:path'
import { Cgroups } from '../cgroup/cgroups.js'
import { deleteVeth } from '../net/veth.js'
import type { Pool } from '../pool/pool.js'
import { auditHost, auditPool, type Leftover, type UnseenPool } from './audit.js'
import type { HostContext } from './context.js'
import { claim } from './locks.js'
import { Operation, type OperationOptions } from './operation.js'

export interface RecoveryReport {
  readonly removed: readonly Leftover[]
  /** What is to be looked at by somebody. */
  readonly left: readonly Leftover[]
  /** Pools on which nothing was removed, as they could not be looked at. */
  readonly unseen: readonly UnseenPool[]
}

/** @throws BusyError while an operation is under way in one of the pools, unless it may wait */
export async function recoverHost(
  host: HostContext,
  options: OperationOptions = {},
): Promise<RecoveryReport> {
  using op = new Operation(host.locks, 'recover', 'host', options)
  // What is being made is no leftover.
  const pools = new Map(host.pools)
  const names = new Set(pools.keys())
  await op.lock([...names].map((name) => claim('pool', name)))
  // Nor is what runs in a pool that comes meanwhile.
  const { leftovers, unseen } = await auditHost(host, names)
  if (leftovers.length === 0) return Object.freeze({ removed: leftovers, left: leftovers, unseen })
  await removeFromPools(op, host, pools, leftovers)
  if (leftovers.some(({ type }) => type === 'mount')) {
    await host.keeper().then((keeper) => keeper.unmountLeft())
  }
  for (const pool of pools.values()) {
    op.signal?.throwIfAborted()
    if (pool.lock === null || unseen.some((one) => one.pool === pool.name)) continue
    await pool.driver.sweep()
  }
  const second = await auditHost(host, names)
  const left = second.leftovers
  return Object.freeze({ removed: gone(leftovers, left), left, unseen: second.unseen })
}

/** What a crash has left of the containers of a pool, for who imports it. */
export async function recoverPool(op: Operation, pool: Pool): Promise<void> {
  await told(async () => {
    const { host } = pool
    const leftovers = await auditPool(host, pool)
    if (leftovers.length === 0) return leftovers
    await removeFromPools(op, host, new Map([[pool.name, pool]]), leftovers)
    return gone(leftovers, await auditPool(host, pool))
  })
}

/** Mounts that a crash has left, for who opens the host: in none of its pools is anybody at work yet. */
export async function recoverMounts(host: HostContext): Promise<void> {
  await told(async () => {
    const keeper = await host.keeper()
    const paths = await keeper.unmountLeft()
    const stays = new Set(paths.length === 0 ? [] : await keeper.mounts())
    return paths
      .filter((path) => !stays.has(path))
      .map((what): Leftover => ({ type: 'mount', what, reason: 'its container does not run' }))
  })
}

/** That it cannot be looked for is no reason not to go on. */
async function told(recover: () => Promise<readonly Leftover[]>): Promise<void> {
  try {
    const removed = await recover()
    if (removed.length === 0) return
    const what = removed.map(({ type, what }) => `${type} ${what}`).join(', ')
    process.emitWarning(`removed what was left: ${what}`, { code: 'VPSADMINOS_RECOVERED' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    process.emitWarning(`could not look for what was left: ${reason}`, {
      code: 'VPSADMINOS_UNFINISHED',
    })
  }
}

/** Cgroups and interfaces. */
async function removeFromPools(
  op: Operation,
  host: HostContext,
  pools: ReadonlyMap<string, Pool>,
  leftovers: readonly Leftover[],
): Promise<void> {
  for (const path of cgroupsOf(host, pools, leftovers)) {
    op.signal?.throwIfAborted()
    // The second look sees one that stays.
    await removeCgroup(host, path).catch(() => undefined)
  }
  for (const name of interfacesOf(pools, leftovers)) {
    op.signal?.throwIfAborted()
    await deleteVeth(name).catch(() => undefined)
  }
}

function gone(before: readonly Leftover[], left: readonly Leftover[]): readonly Leftover[] {
  const stays = new Set(left.map(keyOf))
  return Object.freeze(before.filter((one) => !stays.has(keyOf(one))))
}

/** With what runs in it, unless we do not know who that could be. */
export async function removeCgroup(host: HostContext, path: string): Promise<void> {
  const cgroup = host.cgroups.dir(path)
  const ours = /\/(ct|user|group)\.[^/]+$/.test(path)
  if (!ours && (await cgroup.procs()).length > 0) return
  if (ours) {
    await cgroup.kill()
    // The unified hierarchy kills all that it has itself; a process may be in one of v1 alone.
    await using legacy = Cgroups.at(host.cgroups.hierarchies.filter(({ version }) => version === 1))
    await legacy.dir(path).kill()
  }
  await cgroup.remove()
}

/** Those in pools, relative to the hierarchies. */
function cgroupsOf(
  host: HostContext,
  imported: ReadonlyMap<string, Pool>,
  leftovers: readonly Leftover[],
): Set<string> {
  const roots = host.cgroups.hierarchies.map(({ mountpoint }) => `${mountpoint}/`)
  const paths = leftovers
    .filter(({ type }) => type === 'cgroup')
    .map(({ what }) => what.slice(roots.find((root) => what.startsWith(root))?.length ?? 0))
  const pools = [...imported.values()].map((pool) => join(pool.cgroup, '/'))
  return new Set(paths.filter((path) => pools.some((pool) => path.startsWith(pool))))
}

/** Of containers that we know: another host of this machine may have names that begin like ours. */
function interfacesOf(pools: ReadonlyMap<string, Pool>, leftovers: readonly Leftover[]): string[] {
  const records = [...pools.values()].flatMap(({ containers }) =>
    [...containers.values()].map(({ record }) => record),
  )
  const idle = new Set(
    records.filter(({ run }) => !run.alive).map(({ interfaceName }) => interfaceName),
  )
  return leftovers.flatMap(({ type, what }) => (type === 'interface' && idle.has(what) ? what : []))
}

function keyOf({ type, what }: Leftover): string {
  return `${type} ${what}`
}
