// Looks at the kernel, apart from what the engine believes, for things in this host's names that
// belong to nothing that runs.

import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { vethName } from '../container/veth-name.js'
import { directories } from '../directories.js'
import type { Known } from '../keeper/types.js'
import type { Pool } from '../pool/pool.js'
import { staleCgroups } from '../pool/stale-cgroups.js'
import { bootHome } from '../storage/boot-home.js'
import type { HostContext } from './context.js'

/** Something that nobody should have left. */
export interface Leftover {
  readonly type: 'cgroup' | 'mount' | 'process' | 'interface' | 'directory' | 'dataset'
  /** Its path, name or process id. */
  readonly what: string
  readonly reason: string
}

/** A pool whose storage could not be looked at; what the kernel has of it was. */
export interface UnseenPool {
  readonly pool: string
  /** A {@link PoolSuspendedError} where the zpool has lost its disks. */
  readonly error: Error
}

export interface AuditReport {
  readonly leftovers: readonly Leftover[]
  /** What may be left on these is not known. */
  readonly unseen: readonly UnseenPool[]
}

/** Why what is in the cgroup of a pool is nobody's: to import it is what helps. */
export const NOT_IMPORTED = 'its pool is not imported'

/** Cgroups of the host itself. */
const OWN = new Set(['keeper', 'pivot'])

/** What there is when the look begins. */
interface Present {
  /** Those that are imported; of one that is only being imported it is not known what runs in it. */
  readonly pools: ReadonlyMap<string, Pool>
  /** `POOL/ID` of containers. */
  readonly known: ReadonlySet<string>
  /** Those of them that run, or may. */
  readonly alive: ReadonlySet<string>
  /** Those that run and of which nothing else is known. */
  readonly strangers: readonly Known[]
}

/** @param only pools that are looked at; default: all that are imported */
export async function auditHost(
  host: HostContext,
  only: ReadonlySet<string> | null = null,
): Promise<AuditReport> {
  const present = await presentIn(host, only)
  const { known } = present
  const unseen: UnseenPool[] = []
  const found = await Promise.all([
    auditCgroups(host, present),
    auditMounts(host, present),
    auditInterfaces(host, present),
    ...[...present.pools.values()].map((pool) =>
      auditStorage(pool, known).catch((error: unknown) => {
        if (!(error instanceof Error)) throw error
        unseen.push({ pool: pool.name, error })
        return []
      }),
    ),
  ])
  return Object.freeze({
    leftovers: Object.freeze([...strangersIn(present), ...found.flat()]),
    unseen: Object.freeze(unseen),
  })
}

/** What the containers of a pool have left in the kernel, but for mounts; for who has its lock. */
export async function auditPool(host: HostContext, pool: Pool): Promise<readonly Leftover[]> {
  const present = await presentIn(host, new Set([pool.name]))
  const names = new Set([...pool.containers.values()].map(({ record }) => record.interfaceName))
  const [cgroups, interfaces] = await Promise.all([
    auditCgroups(host, present, pool),
    auditInterfaces(host, present),
  ])
  return Object.freeze([...cgroups, ...interfaces.filter(({ what }) => names.has(what))])
}

async function presentIn(host: HostContext, only: ReadonlySet<string> | null): Promise<Present> {
  const alive = new Set<string>()
  const known = new Set<string>()
  const strangers: Known[] = []
  const all = [...host.pools].filter(
    ([name, { state }]) => state !== 'importing' && only?.has(name) !== false,
  )
  const pools = new Map(all)
  for (const pool of pools.values()) {
    for (const container of pool.containers.values()) {
      known.add(`${pool.name}/${container.id}`)
      if (container.state !== 'stopped') alive.add(`${pool.name}/${container.id}`)
    }
    // Whether one runs whose file cannot be read is not known: it goes on.
    for (const { path } of pool.broken) {
      const id = basename(path, '.yml')
      if (path !== pool.layout.confFile('ct', id)) continue
      known.add(`${pool.name}/${id}`)
      alive.add(`${pool.name}/${id}`)
    }
  }
  // What runs for certain, whatever becomes of its pool and its file.
  for (const one of await (await host.keeper()).containers()) {
    const key = `${one.pool}/${one.id}`
    alive.add(key)
    if (pools.has(one.pool) && !known.has(key)) strangers.push(one)
  }
  return { pools, known, alive, strangers }
}

/** It is not ended: whoever has lost its file may have it back. */
function strangersIn({ strangers, pools }: Present): Leftover[] {
  return strangers.flatMap(({ pool, id, initPid }) => {
    const path = pools.get(pool)?.layout.confFile('ct', id) ?? ''
    // One that was made meanwhile.
    if (initPid === null || pools.get(pool)?.containers.has(id) === true) return []
    const reason =
      `container ${pool}:${id} runs, and its file is gone: ` +
      `put ${path} back and import the pool again, or end it by \`kill -9 ${initPid}\``
    return [{ type: 'process', what: String(initPid), reason }]
  })
}

/** In every hierarchy: what a start makes and an end should have taken away. @param only where to look */
async function auditCgroups(
  host: HostContext,
  { pools, alive }: Present,
  only: Pool | null = null,
): Promise<Leftover[]> {
  const top = only?.cgroup ?? host.cgroupRoot
  const leftovers: Leftover[] = []
  const walk = async (directory: string, pool: string | null): Promise<void> => {
    for (const name of await directories(directory)) {
      const path = join(directory, name)
      const container = /^ct\.(.+)$/.exec(name)?.[1]
      if (container !== undefined) {
        if (alive.has(`${pool ?? ''}/${container}`)) continue
        leftovers.push({ type: 'cgroup', what: path, reason: 'its container does not run' })
        leftovers.push(...(await processesIn(path)))
      } else if (/^(pool|group|user)\./.test(name)) {
        const inPool = name.startsWith('pool.') ? name.slice('pool.'.length) : pool
        if (inPool !== null && pools.has(inPool)) await walk(path, inPool)
        // It comes, or has come meanwhile.
        else if (inPool !== null && (host.importing.has(inPool) || host.pools.has(inPool))) continue
        else if ((await processesIn(path)).length > 0) {
          leftovers.push({ type: 'cgroup', what: path, reason: NOT_IMPORTED })
        }
      } else if (pool !== null || !OWN.has(name)) {
        leftovers.push({ type: 'cgroup', what: path, reason: 'nothing of this host is called so' })
      }
    }
  }
  await Promise.all(
    host.cgroups.hierarchies.map(({ mountpoint }) =>
      walk(join(mountpoint, top), only?.name ?? null),
    ),
  )
  for (const pool of pools.values()) {
    for (const what of await staleCgroups(pool)) {
      leftovers.push({ type: 'cgroup', what, reason: 'its group or user is gone' })
    }
  }
  return leftovers
}

async function processesIn(cgroup: string): Promise<Leftover[]> {
  const pids = new Set<string>()
  const walk = async (directory: string): Promise<void> => {
    const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')
    for (const pid of text.split('\n')) if (pid !== '') pids.add(pid)
    for (const name of await directories(directory)) await walk(join(directory, name))
  }
  await walk(cgroup)
  return [...pids].map((what) => ({ type: 'process', what, reason: `is in ${cgroup}` }))
}

/** In the keeper's mount namespace, which is the only one that rootfs are mounted in from here. */
async function auditMounts(host: HostContext, { alive }: Present): Promise<Leftover[]> {
  const { pid } = await host.keeper()
  const prefix = join(host.paths.stateDir, 'rootfs/')
  const leftovers: Leftover[] = []
  for (const table of new Set([`/proc/${pid}/mountinfo`, '/proc/self/mountinfo'])) {
    // A keeper that ends has no mounts any more, which the kernel says in these ways.
    const text = await readFile(table, 'utf8').catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException
      if (['ENOENT', 'ESRCH', 'EINVAL'].includes(code ?? '')) return ''
      throw error
    })
    for (const line of text.split('\n')) {
      const path = line.split(' ')[4]
      if (path?.startsWith(prefix) !== true) continue
      // Of one with datasets in its own hands there is its user namespace, too.
      if (alive.has(path.slice(prefix.length).replace(/\.userns$/, ''))) continue
      leftovers.push({ type: 'mount', what: path, reason: `is in ${table}` })
    }
  }
  return leftovers
}

async function auditInterfaces(host: HostContext, { alive }: Present): Promise<Leftover[]> {
  const expected = new Set<string>()
  for (const key of alive) {
    const [pool = '', id = ''] = key.split('/')
    expected.add(vethName(host.interfacePrefix, pool, id))
  }
  const names = await readdir('/sys/class/net').catch(() => [])
  return names
    .filter((name) => isOurs(name, host.interfacePrefix) && !expected.has(name))
    .map((what) => ({ type: 'interface', what, reason: 'its container does not run' }))
}

// Ours are as long as a name can be; others may begin in the same way.
function isOurs(name: string, prefix: string): boolean {
  return name.length === 15 && name.startsWith(prefix)
}

/** Roots of runs from images, which their containers know of. */
function bootedIn({ containers }: Pool): string[] {
  return [...containers.values()].flatMap(({ record: { config, home } }) =>
    config.vpsadminos.booted === undefined ? [] : bootHome(home),
  )
}

/** On the pool: rootfs and half-made things without a container. */
async function auditStorage(pool: Pool, known: ReadonlySet<string>): Promise<Leftover[]> {
  const { driver } = pool
  driver.assertWorking()
  const leftovers: Leftover[] = []
  for (const id of await driver.list()) {
    if (known.has(`${pool.name}/${id}`)) continue
    const home = driver.home(id, null)
    leftovers.push({ ...driver.place(home), reason: 'it belongs to no container' })
  }
  const booted = new Set(bootedIn(pool))
  for (const place of await driver.unfinished()) {
    if (booted.has(place.what)) continue
    leftovers.push({ ...place, reason: 'its removal was not finished' })
  }
  return leftovers
}
