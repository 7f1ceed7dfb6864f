// Opens a host: takes its state directory, finds its keeper, imports its pools.

import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Governor } from '../autostart/governor.js'
import { PressureMeter } from '../autostart/pressure.js'
import { Cgroups } from '../cgroup/cgroups.js'
import { prlimitBounds, type PrlimitBounds } from '../container/prlimit-clamp.js'
import { ClosedError } from '../errors.js'
import { reservationsDirectory } from '../id-range/reservations.js'
import type { Keeper } from '../keeper/keeper.js'
import type { KeeperEvent } from '../keeper/types.js'
import { importPool } from '../pool/import.js'
import type { Pool } from '../pool/pool.js'
import { endPool, leavePool, releasePool, settlePool } from '../pool/pools.js'
import { noteStrangers } from '../pool/strangers.js'
import { hostOptions, type HostOptions } from '../schema/host.js'
import { parse } from '../schema/parse.js'
import { ShutdownMarker } from '../shutdown/marker.js'
import { isAbsent } from '../storage/place.js'
import { Undo } from '../undo.js'
import { loadApparmor } from './apparmor.js'
import type { HostContext } from './context.js'
import { forgetEarlierRun } from './earlier-run.js'
import { InvalidArgumentError, NotRootError } from './errors.js'
import { EventHub } from './event-hub.js'
import { KeeperLink } from './keeper-link.js'
import { claimCgroupRoot, HostLock } from './lock.js'
import { claim, Locks } from './locks.js'
import { machine } from './machine.js'
import { checkOptions, Operation, type OperationOptions } from './operation.js'
import { StatePaths } from './paths.js'
import { recoverMounts } from './recover.js'
import { SessionEnds } from './session-ends.js'

/** An open host, before it gets its public face. */
export interface OpenHost {
  readonly context: HostContext
  readonly hub: EventHub
  readonly link: KeeperLink
  /** Whatever waits, other than for a container, ends now. */
  release(): void
  /** Lets go of everything; containers and keeper go on. */
  close(): Promise<void>
}

/**
 * @param check throws what keeps it from being opened, when nobody else can have it any more and nothing was made
 * @throws HostBusyError, NotRootError, and whatever makes one of the pools unusable
 */
export async function openHost(
  options: HostOptions,
  more: OperationOptions = {},
  check?: () => Promise<void>,
): Promise<OpenHost> {
  const {
    stateDir,
    cgroupRoot,
    interfacePrefix,
    pools: wanted,
  } = parse(hostOptions, options, 'open')
  checkOptions(more, 'open')
  const { signal } = more
  if (process.geteuid?.() !== 0) throw new NotRootError('Host.open()')
  await using undo = new Undo()
  const made = await mkdir(stateDir, { recursive: true })
  try {
    await chmod(stateDir, 0o711)
    await checkReachable(stateDir)
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true })
    throw error
  }
  const lock = await HostLock.take(stateDir)
  undo.add(() => lock[Symbol.asyncDispose]())
  await check?.().catch(async (error: unknown) => {
    if (made !== undefined) await rm(made, { recursive: true })
    throw error
  })
  const locks = new Locks()
  using opening = new Operation(locks, 'open', `host ${stateDir}`, more)
  undo.add(await claimCgroupRoot(opening, cgroupRoot, stateDir))

  const paths = new StatePaths(stateDir)
  const shutdownMarker = new ShutdownMarker(paths.shutdown)
  await shutdownMarker.removeOfEarlierRun()
  await forgetEarlierRun(paths)
  const pools = new Map<string, Pool>()
  const hub = new EventHub()
  const ends = new SessionEnds(stateDir)
  const link = await KeeperLink.open(
    { stateDir, cgroupRoot },
    {
      opened: ({ epoch, seq }) => hub.begin({ epoch, seq }),
      event: (event) => dispatch(event, pools, hub, ends),
      replaced: async (keeper) => {
        hub.gap(keeper.epoch)
        ends.lost()
        await resume(keeper, pools)
      },
    },
  )
  undo.add(() => link.close())
  signal?.throwIfAborted()
  const cgroups = Cgroups.mounted()
  undo.add(() => cgroups.close())

  let closed = false
  const why = () => new ClosedError(`host at '${stateDir}'`)
  const closing = new AbortController()
  const meter = new PressureMeter()
  const context: HostContext = {
    paths,
    cgroupRoot,
    interfacePrefix,
    machine: await machine(),
    cgroups,
    locks,
    get pools() {
      if (closed) throw why()
      return pools
    },
    importing: new Set(),
    keeper: () => link.keeper,
    prlimitBounds: await keeperBounds(await link.keeper),
    apparmorProfile: (await loadApparmor()).profile,
    idsDirectory: reservationsDirectory,
    sessionEnds: ends,
    shutdownMarker,
    governor: new Governor(() => meter.look()),
    closed: closing.signal,
    emit: (event) => hub.emit(event),
  }
  const releasePools = () => Promise.all([...pools.values()].map((pool) => releasePool(pool, why)))
  undo.add(releasePools)
  await recoverMounts(context)
  for (const pool of wanted) {
    if (await isAbsent(pool)) continue
    using op = new Operation(locks, 'open', `pool ${pool.name}`, more)
    await op.lock([claim('pool', pool.name)])
    await importPool(op, context, pool)
  }
  signal?.throwIfAborted()

  undo.commit()
  const release = () => {
    ends.close(why())
    closing.abort(why())
  }
  const close = async () => {
    if (closed) return
    closed = true
    release()
    const all = [...pools.values()]
    await Promise.all(all.map((pool) => endPool(pool, why)))
    hub.close(why)
    // What asks the keeper ends with that.
    await link.close()
    // Those that are being imported, or exported, are nobody's when that is over.
    const others = locks.held('pool').filter((name) => !pools.has(name))
    await Promise.all([
      ...all.map((pool) => leavePool(pool)),
      ...others.map((name) => settlePool(context, name)),
    ])
    pools.clear()
    cgroups.close()
    await lock[Symbol.asyncDispose]()
  }
  return { context, hub, link, release, close }
}

// The root of a container, which is nobody on the host, goes to its rootfs by this path.
async function checkReachable(path: string): Promise<void> {
  for (let at = dirname(path); at !== '/'; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) {
      const reason = `the root of a container cannot go through '${at}': chmod o+x`
      throw new InvalidArgumentError('open.stateDir', reason)
    }
  }
}

function dispatch(
  event: KeeperEvent,
  pools: ReadonlyMap<string, Pool>,
  hub: EventHub,
  ends: SessionEnds,
): void {
  if (event.type === 'session') {
    ends.ended(event.session, { code: event.code, signal: event.signal })
  } else if (event.type !== 'gap') {
    const pool = pools.get(event.pool)
    pool?.containers.get(event.id)?.record.observe(event)
    if (event.type === 'state' && event.state === 'stopped') pool?.strangers.delete(event.id)
  }
  hub.publish(event)
}

/** What runs, after a keeper has taken over from another one. */
async function resume(keeper: Keeper, pools: ReadonlyMap<string, Pool>): Promise<void> {
  const adopted: Promise<void>[] = []
  await keeper.containers((all) => {
    const known = new Map(all.map((one) => [`${one.pool}:${one.id}`, one]))
    for (const pool of pools.values()) {
      noteStrangers(pool, all)
      for (const container of pool.containers.values()) {
        const found = known.get(`${container.pool}:${container.id}`)
        if (found === undefined) container.record.lost()
        else adopted.push(container.adopt(found))
      }
    }
  })
  await Promise.all(adopted)
}

async function keeperBounds({ pid }: Keeper): Promise<PrlimitBounds> {
  const [limits, status, nrOpen] = await Promise.all([
    readFile(`/proc/${pid}/limits`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile('/proc/sys/fs/nr_open', 'utf8'),
  ])
  return prlimitBounds(limits, status, Number(nrOpen))
}
