// A host: the engine that runs in the caller's process.

import { Containers } from '../container/containers.js'
import type { ContainerRecord } from '../container/record.js'
import type { Asset } from '../asset/asset.js'
import { assetsOfHost, checkHealth, type HealthOptions, type Problem } from '../asset/health.js'
import { merged, type HistoryEntry } from '../history/history.js'
import { Groups } from '../group/groups.js'
import { IdRanges } from '../id-range/id-ranges.js'
import { Images } from '../image/images.js'
import { Pools } from '../pool/pools.js'
import { z } from 'zod'
import { loadOf, type HostLoad, type LoadOptions } from '../load/load.js'
import type { ProcessInfo } from '../process/process-info.js'
import {
  processesByPid,
  processesOf,
  processesOfAll,
  type HostProcessesOptions,
} from '../process/processes.js'
import type { HostOptions } from '../schema/host.js'
import { objectOf, onlyKeys, parse } from '../schema/parse.js'
import {
  Shutdown,
  type ShutdownOptions,
  type ShutdownReport,
  type ShutdownState,
} from '../shutdown/shutdown.js'
import { Users } from '../user/users.js'
import { abandon } from '../abandon.js'
import { auditHost, type AuditReport } from './audit.js'
import { recoverHost, type RecoveryReport } from './recover.js'
import type { HostContext } from './context.js'
import type { EventHub } from './event-hub.js'
import type { EventPosition, HostEvent } from './events.js'
import { features, type HostFeatures } from './features.js'
import { heldMachineLocks } from './lock.js'
import type { HeldLock } from './locks.js'
import { checkOptions, type OperationOptions } from './operation.js'
import { listOf } from './reference.js'
import { openHost, type OpenHost } from './open.js'
import { preflight, type PreflightOptions, type PreflightReport } from './preflight.js'
import { openTemporary, type TemporaryOptions } from './temporary.js'

// An event is one, too.
const eventPosition = z.object({ epoch: z.string(), seq: z.number().int().nonnegative() })

const processNumbers = z
  .array(
    z
      .number()
      .int()
      .min(1)
      .max(2 ** 31 - 1),
  )
  .max(100_000)
const healthOptions = z.object({
  entities: z.union([z.literal('all'), z.array(z.string())]).optional(),
})
const processesFilter = z.object({
  containers: z.array(z.string()).optional(),
  host: z.boolean(),
})

export interface EventsOptions {
  /** The last event that was seen; those after it come first. */
  readonly since?: EventPosition | null | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * ```ts
 * const host = await Host.open({ pools: [{ name: 'tank', path: '/var/lib/osctl/tank' }] })
 * try {
 *   const ct = await host.containers.create({ id: 'web1', image: { distribution: 'debian' } })
 *   await ct.start()
 * } finally {
 *   await host.close()
 * }
 * ```
 *
 * In TypeScript, and from Node.js 24 on, `await using host = await Host.open(…)` closes it too.
 */
export class Host implements AsyncDisposable {
  readonly pools: Pools
  readonly idRanges: IdRanges
  readonly users: Users
  readonly groups: Groups
  readonly images: Images
  readonly containers: Containers
  readonly #context: HostContext
  readonly #hub: EventHub
  readonly #open: OpenHost
  readonly #shutdown: Shutdown
  #closing: Promise<void> | null = null

  private constructor(open: OpenHost) {
    this.#open = open
    this.#context = open.context
    this.#hub = open.hub
    this.pools = new Pools(this.#context)
    this.idRanges = new IdRanges(this.#context)
    this.users = new Users(this.#context)
    this.groups = new Groups(this.#context)
    this.images = new Images(this.#context)
    this.containers = new Containers(this.#context)
    this.#shutdown = new Shutdown(this.#context, this.pools)
  }

  /**
   * Opens the host of a state directory and imports its pools. One process at a time can have it
   * open. Containers that run are found as they are.
   *
   * @param more given up, nothing is open; a keeper that was started ends by itself
   * @throws HostBusyError with the pid of the process that has it open
   * @throws NotRootError
   * @throws NotAPoolError, PoolFormatError, PoolUnsafeError, PoolSuspendedError; a pool that is not there
   *   yet is no error
   */
  static async open(options: HostOptions = {}, more: OperationOptions = {}): Promise<Host> {
    return new Host(await openHost(options, more))
  }

  /**
   * A host of its own, with a pool called `tank` in a temporary directory. `close()` ends all of its
   * containers and its keeper and removes every trace. For tests and demonstrations.
   *
   * @param more given up, nothing of it remains
   */
  static async temporary(
    options: TemporaryOptions = {},
    more: OperationOptions = {},
  ): Promise<Host> {
    return new Host(await openTemporary(options, more))
  }

  /** Where the run state is. */
  get stateDir(): string {
    return this.#context.paths.stateDir
  }

  /** The directory of this host below every cgroup hierarchy. */
  get cgroupRoot(): string {
    return this.#context.cgroupRoot
  }

  /** How names of this host's network interfaces begin. */
  get interfacePrefix(): string {
    return this.#context.interfacePrefix
  }

  /** The process that starts containers and holds sessions. */
  async keeperPid(): Promise<number> {
    return (await this.#context.keeper()).pid
  }

  /** What this machine has, and why not what it has not. */
  features(): Promise<HostFeatures> {
    return features()
  }

  /** Which limits of this machine are in the way of a number of containers. */
  async preflight(options: PreflightOptions): Promise<PreflightReport> {
    return preflight(options, (await this.#context.keeper()).pid)
  }

  /**
   * What is held now by operations of this host, and by sections that the whole machine has one of, with
   * those who wait; oldest first.
   */
  locks(): readonly HeldLock[] {
    return [...this.#context.locks.list(), ...heldMachineLocks()].sort((a, b) => b.ageMs - a.ageMs)
  }

  /**
   * What happens from now on, or since an earlier event. What could not be kept is told by an event
   * of type `gap`. Leaving the loop, aborting and closing the host end it. See {@link HostEvent} for
   * what there is.
   *
   * ```ts
   * for await (const event of host.events()) if (event.type === 'exit') console.log(event.id)
   * ```
   */
  events(options: EventsOptions = {}): AsyncIterableIterator<HostEvent> {
    onlyKeys(options, ['since', 'signal'], 'events')
    const since =
      options.since == null ? undefined : parse(eventPosition, options.since, 'events.since')
    return this.#hub.subscribe(() => this.#context.keeper(), since, options.signal)
  }

  /**
   * What was noted in the histories of pools, by time, the oldest first. From files, as it is read.
   *
   * @param pools their names; default all
   * @throws NotFoundError
   */
  history(pools?: readonly string[]): AsyncIterableIterator<HistoryEntry> {
    const all =
      pools === undefined ? [...this.#context.pools.keys()] : listOf(pools, 'history.pools')
    return merged(all.map((name) => this.pools.get(name).history))
  }

  /**
   * How busy the host is, and each container that runs: what was counted until now, in one reading. Rates are the
   * difference of two, by their `atUs`.
   *
   * ```ts
   * const { loadavg, containers } = await host.load()
   * ```
   *
   * @throws UnsupportedError when the kernel tells it in words that are not known
   */
  load(options: LoadOptions = {}): Promise<HostLoad> {
    return loadOf(this.#context, this.#records(), options)
  }

  /**
   * Processes of containers and, with `host`, those that are in none: then all that the machine has are looked at.
   *
   * ```ts
   * const all = await host.processes({ containers: ['web1', 'db1'] })
   * ```
   *
   * @throws NotFoundError
   */
  async processes(options: HostProcessesOptions = {}): Promise<readonly ProcessInfo[]> {
    const { containers, host = false, ...rest } = objectOf(options, 'processes')
    checkOptions(rest, 'processes', ['commands'])
    parse(processesFilter, { containers, host }, 'processes')
    const chosen = containers?.map((reference) => this.containers.get(reference).record)
    const all = this.#records()
    if (!host && chosen !== undefined) {
      return await processesOf(this.#context, chosen, rest, 'processes')
    }
    const told = await processesOfAll(this.#context, all, host, rest)
    if (chosen === undefined) return told
    const wanted = new Set(chosen.map(({ pool, id }) => `${pool.name}:${id}`))
    return told.filter(
      ({ pool, container }) => container === null || wanted.has(`${pool}:${container}`),
    )
  }

  /**
   * Whose processes these are, by their numbers on the host: in the same order, null for a number that no
   * process has. Their command lines are not read, and empty.
   */
  async processesByPid(
    pids: readonly number[],
    options: OperationOptions = {},
  ): Promise<readonly (ProcessInfo | null)[]> {
    checkOptions(options, 'processesByPid')
    const wanted = parse(processNumbers, pids, 'processesByPid.pids')
    const found = await processesByPid(this.#context, this.#records(), wanted, options)
    const byPid = new Map(found.map((one) => [one.pid, one]))
    return wanted.map((pid) => byPid.get(pid) ?? null)
  }

  #records(): ContainerRecord[] {
    const pools = [...this.#context.pools.values()]
    return pools.flatMap(({ containers }) => [...containers.values()].map(({ record }) => record))
  }

  /** What it has for itself: the keeper, and files of the run state. */
  assets(): Promise<readonly Asset[]> {
    return assetsOfHost(this.#context)
  }

  /**
   * What is not as it should be: of what the host and its pools are made of, and, where that is asked for, of
   * everything in them; what cannot be used, and what is left over. Empty where all is well.
   *
   * @throws NotFoundError for a pool that there is not
   */
  async healthcheck(options: HealthOptions = {}): Promise<readonly Problem[]> {
    onlyKeys(options, ['entities'], 'healthcheck')
    const { entities = [] } = parse(healthOptions, options, 'healthcheck')
    const chosen = entities === 'all' ? null : new Set(entities.map((name) => this.pools.get(name)))
    return await checkHealth(this.#context, (pool) => chosen?.has(pool) ?? true)
  }

  /** Looks at the kernel for things in this host's names that nobody should have left there. */
  async audit(options: OperationOptions = {}): Promise<AuditReport> {
    checkOptions(options, 'audit')
    return await abandon(auditHost(this.#context), options.signal)
  }

  /**
   * Removes what {@link audit} finds, as far as nobody can miss it: cgroups with what runs in them, mounts, network
   * interfaces, files that were to be removed. Opening a host does it with mounts, importing a pool with what its
   * containers have left. Directories that belong to no container are named and left, as what is in them may be
   * somebody's; so is a container that runs and whose file is gone.
   *
   * @throws BusyError while something in a pool is worked on
   */
  async recover(options: OperationOptions = {}): Promise<RecoveryReport> {
    checkOptions(options, 'recover')
    return await recoverHost(this.#context, options)
  }

  /**
   * Before the machine is shut down: from now on nothing is started, all containers are stopped in the reverse of the
   * order in which they start by themselves, and all pools are exported. It waits for whatever is under way. A file,
   * `shutdown` in the state directory, says so to who opens the host next: its pools are `disabled` then, and
   * another call goes on. Called while it is under way, it sees that to its end. It never ends the machine itself.
   *
   * ```ts
   * await host.shutdown({ onProgress: (progress) => console.log(progress) })
   * ```
   *
   * @throws ShutdownError naming what could not be stopped or let go of; the rest was
   * @throws CancelledError when `abortShutdown()` was called
   */
  shutdown(options: ShutdownOptions = {}): Promise<ShutdownReport> {
    return this.#shutdown.begin(options)
  }

  /**
   * Gives a shutdown up, and forgets one that was finished: containers can be started again. What was stopped or
   * exported by then stays so; whose init was told to shut down is not killed any more.
   *
   * @returns whether there was one
   */
  abortShutdown(): Promise<boolean> {
    return this.#shutdown.abort()
  }

  /** Whether the host is being shut down, by this process or by one before it. */
  shutdownState(): Promise<ShutdownState> {
    return this.#shutdown.state()
  }

  /**
   * Lets go of everything; containers, sessions and keeper go on. What is still waited for rejects
   * with ClosedError; events and consoles end. Of a temporary host nothing remains. It cannot be given up
   * once it has begun.
   */
  async close(options: OperationOptions = {}): Promise<void> {
    if (this.#closing === null) checkOptions(options, 'close')
    this.#closing ??= this.#open.close()
    await this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
