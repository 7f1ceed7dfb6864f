// Looks whether a host is as it should be: what it is made of, and what is left over.

import { join } from 'node:path'
import { auditHost, NOT_IMPORTED } from '../host/audit.js'
import type { HostContext } from '../host/context.js'
import type { Pool } from '../pool/pool.js'
import { asset, assetsAt, type Asset } from './asset.js'

export interface HealthOptions {
  /** Also everything in these pools, by name, or in all; default: hosts and pools alone. */
  readonly entities?: readonly string[] | 'all' | undefined
}

/** Something that is not as it should be. */
export interface Problem {
  /** What it is a part of: `host`, `pool tank`, `container tank:web1`. */
  readonly of: string
  readonly type: string
  /** Its path, name or process id. */
  readonly what: string
  readonly error: string
  /** What mends it: a command for a shell, or a call; null where there is none. */
  readonly mend: string | null
}

/** What `host.recover()` takes away. Processes go with their cgroups, where they are in any. */
const RECOVERED: ReadonlySet<string> = new Set(['cgroup', 'mount', 'interface'])

/** What a host has for itself. */
export async function assetsOfHost(host: HostContext): Promise<readonly Asset[]> {
  const { pid } = await host.keeper()
  const { stateDir } = host.paths
  const keeper = join(stateDir, 'keeper')
  const files = await assetsAt([
    { type: 'directory', path: stateDir, purpose: 'the run state', mode: 0o711 },
    {
      type: 'file',
      path: join(stateDir, 'host.lock'),
      purpose: 'says who has it open',
      mode: 0o600,
    },
    { type: 'directory', path: keeper, purpose: "the keeper's run state", mode: 0o700 },
    { type: 'directory', path: join(keeper, 'plans'), purpose: 'what runs', mode: 0o700 },
    {
      type: 'socket',
      path: join(keeper, 'socket'),
      purpose: 'where the keeper is reached',
      mode: 0o600,
    },
    { type: 'file', path: join(keeper, 'log'), purpose: 'what the keeper says', mode: 0o600 },
    {
      type: 'directory',
      path: host.idsDirectory,
      purpose: 'ids that are taken on this machine',
      mode: 0o700,
    },
  ])
  const process = asset({ type: 'process', path: String(pid), purpose: 'the keeper' })
  return Object.freeze([process, ...files])
}

export async function checkHealth(
  host: HostContext,
  entitiesOf: (pool: Pool) => boolean,
): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  /** False when it cannot be looked at: then nothing in it can. */
  const look = async (of: string, assets: () => Promise<readonly Asset[]>): Promise<boolean> => {
    try {
      problems.push(...(await assets()).flatMap((one) => problemsOf(of, one)))
      return true
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      problems.push({ of, type: 'pool', what: of, error: reason, mend: null })
      return false
    }
  }
  const unlooked = new Set<string>()
  await look('host', () => assetsOfHost(host))
  for (const pool of [...host.pools.values()]) {
    const looked = await look(`pool ${pool.name}`, () => pool.assets())
    if (!looked) unlooked.add(pool.name)
    if (!looked || !entitiesOf(pool)) continue
    // One after the other: there may be thousands, and nobody is in a hurry.
    for (const [kind, all] of [
      ['id-range', pool.idRanges],
      ['user', pool.users],
      ['group', pool.groups],
      ['container', pool.containers],
    ] as const) {
      for (const [name, entity] of [...all]) {
        if (all.get(name) === entity)
          await look(`${kind} ${pool.name}:${name}`, () => entity.assets())
      }
    }
  }
  const { leftovers, unseen } = await auditHost(host)
  for (const { type, what, reason } of leftovers) {
    const mend = RECOVERED.has(type) && reason !== NOT_IMPORTED ? 'host.recover()' : null
    problems.push({ of: 'host', type, what, error: `left over: ${reason}`, mend })
  }
  for (const { pool, error } of unseen) {
    if (unlooked.has(pool)) continue
    problems.push({
      of: `pool ${pool}`,
      type: 'pool',
      what: pool,
      error: error.message,
      mend: null,
    })
  }
  return Object.freeze(problems)
}

function problemsOf(of: string, { type, path, errors, mend }: Asset): Problem[] {
  return errors.map((error) => ({ of, type, what: path, error, mend }))
}
