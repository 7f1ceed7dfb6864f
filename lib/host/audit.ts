// Looks at the kernel, apart from what the engine believes, for things in this host's names that
// belong to nothing that runs.

import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { directories } from '../directories.js'
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

/** Cgroups of the host itself. */
const OWN = new Set(['keeper', 'pivot'])

export async function auditHost(host: HostContext): Promise<AuditReport> {
  const alive = new Set<string>()
  const known = new Set<string>()
  for (const pool of host.pools.values()) {
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
  const unseen: UnseenPool[] = []
  const found = await Promise.all([
    auditCgroups(host, alive),
    auditMounts(host, alive),
    auditInterfaces(host),
    ...[...host.pools.values()].map((pool) =>
      auditStorage(pool, known).catch((error: unknown) => {
        if (!(error instanceof Error)) throw error
        unseen.push({ pool: pool.name, error })
        return []
      }),
    ),
  ])
  return Object.freeze({ leftovers: Object.freeze(found.flat()), unseen: Object.freeze(unseen) })
}

/** In every hierarchy: what a start makes and an end should have taken away. */
async function auditCgroups(host: HostContext, alive: ReadonlySet<string>): Promise<Leftover[]> {
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
        if (inPool !== null && host.pools.has(inPool)) await walk(path, inPool)
        else if ((await processesIn(path)).length > 0) {
          leftovers.push({ type: 'cgroup', what: path, reason: 'its pool is not imported' })
        }
      } else if (pool !== null || !OWN.has(name)) {
        leftovers.push({ type: 'cgroup', what: path, reason: 'nothing of this host is called so' })
      }
    }
  }
  await Promise.all(
    host.cgroups.hierarchies.map(({ mountpoint }) => walk(join(mountpoint, host.cgroupRoot), null)),
  )
  for (const pool of host.pools.values()) {
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
async function auditMounts(host: HostContext, alive: ReadonlySet<string>): Promise<Leftover[]> {
  const { pid } = await host.keeper()
  const prefix = join(host.paths.stateDir, 'rootfs/')
  const leftovers: Leftover[] = []
  for (const table of new Set([`/proc/${pid}/mountinfo`, '/proc/self/mountinfo'])) {
    for (const line of (await readFile(table, 'utf8')).split('\n')) {
      const path = line.split(' ')[4]
      if (path?.startsWith(prefix) !== true) continue
      // Of one with datasets in its own hands there is its user namespace, too.
      if (alive.has(path.slice(prefix.length).replace(/\.userns$/, ''))) continue
      leftovers.push({ type: 'mount', what: path, reason: `is in ${table}` })
    }
  }
  return leftovers
}

async function auditInterfaces(host: HostContext): Promise<Leftover[]> {
  const expected = new Set<string>()
  for (const pool of host.pools.values()) {
    for (const container of pool.containers.values()) {
      if (container.state !== 'stopped') expected.add(container.record.interfaceName)
    }
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
