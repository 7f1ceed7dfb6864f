// The pools of a host: made, imported, exported.

import { readdir, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { z } from 'zod'
import { asError } from '../as-error.js'
import { removeLxcLocks } from '../container/lxc-lock.js'
import type { HostContext } from '../host/context.js'
import { deadline } from '../host/deadline.js'
import {
  BusyError,
  ExistsError,
  InvalidArgumentError,
  NotFoundError,
  PoolSuspendedError,
  StateError,
} from '../host/errors.js'
import { claim, resourceOf } from '../host/locks.js'
import { checkOptions, Operation, type OperationOptions } from '../host/operation.js'
import { removeTree } from '../ns/tree.js'
import { parse } from '../schema/parse.js'
import {
  installOptions,
  poolOptions,
  zfsPoolOptions,
  type InstallOptions,
  type PoolOptions,
  type ZfsPoolOptions,
} from '../schema/pool.js'
import { installPlace, type Durability } from '../storage/place.js'
import { findZfsPlace, uninstallZfsPlace } from '../storage/zfs/zfs-place.js'
import { importPool, takeLock } from './import.js'
import { PoolLayout } from './layout.js'
import type { Pool, PoolSnapshot } from './pool.js'
import { strangersIn } from './strangers.js'
import { done } from '../step.js'
import { trashDataset } from './trash-bin.js'

export class Pools {
  readonly #host: HostContext

  /** @internal */
  constructor(host: HostContext) {
    this.#host = host
  }

  /**
   * Makes a pool in a directory that is empty or not there yet, or in a dataset of ZFS, and imports it.
   *
   * @param more it can be given up until the pool is there; then it is imported
   * @throws UnsupportedError when the directory's filesystem cannot do the wanted clone mode
   */
  install(options: InstallOptions, more: OperationOptions = {}): Promise<Pool> {
    return this.installAs(options, { durable: true }, more)
  }

  /** @internal */
  async installAs(
    options: InstallOptions,
    durability: Durability,
    more: OperationOptions = {},
  ): Promise<Pool> {
    const wanted = parse(installOptions, options, 'install')
    checkOptions(more, 'install')
    using limit = deadline('install', Infinity, more.signal, this.#host.closed)
    using op = await this.#begin('install', wanted.name, { ...more, signal: limit.signal })
    if (this.#host.pools.has(wanted.name)) throw new ExistsError('pool', wanted.name)
    await installPlace(op, this.#host, wanted, durability)
    return await this.#import(op.goOn(), wanted)
  }

  /**
   * Takes a pool into use, as `Host.open()` does.
   *
   * @param more it can be given up until the pool is active
   * @throws NotAPoolError, PoolFormatError, PoolUnsafeError; ConfigBrokenError for its lock, its marker, its own
   *   configuration and its directories
   * @throws ExistsError; BusyError while another process has it
   */
  async import(options: PoolOptions, more: OperationOptions = {}): Promise<Pool> {
    const wanted = parse(poolOptions, options, 'import')
    checkOptions(more, 'import')
    using limit = deadline('import', Infinity, more.signal, this.#host.closed)
    using op = await this.#begin('import', wanted.name, { ...more, signal: limit.signal })
    if (this.#host.pools.has(wanted.name)) throw new ExistsError('pool', wanted.name)
    return await this.#import(op, wanted)
  }

  /**
   * Lets go of a pool; its files stay, and its ids stay its own on this machine. A process that somebody has put
   * into its cgroup stays there, which a warning tells.
   *
   * @param options it cannot be given up once it has begun
   * @throws StateError while containers of it run
   * @throws BusyError while something in it is worked on
   */
  async export(name: string, options: OperationOptions = {}): Promise<void> {
    checkOptions(options, 'export')
    using _op = await this.#begin('export', name, options)
    const pool = this.get(name)
    const running = [...pool.containers.values()].filter(({ state }) => state !== 'stopped')
    if (running.length > 0) {
      const ids = running.map(({ id }) => id).join(', ')
      throw new StateError(`pool ${name}`, 'in use', `stop its containers first: ${ids}`)
    }
    await assertNoStrangers(pool)
    this.#host.pools.delete(name)
    await releasePool(pool, () => new StateError(`pool ${name}`, 'exported', 'it must be imported'))
    done('export.released')
    // Run state: another import makes anew what it needs, and does not mind what could not be removed.
    const { paths, cgroups } = this.#host
    let notes: readonly string[] = []
    try {
      await cgroups.dir(pool.cgroup).remove()
    } catch (error) {
      // Somebody is in there who is none of its containers, and whom `host.audit()` finds. What its groups have in
      // force the next import takes back.
      notes = [...pool.groups.keys()].map((path) => paths.unapplied(name, path))
      process.emitWarning(
        `cgroup of pool ${name} could not be removed: ${asError(error).message}`,
        { code: 'VPSADMINOS_UNFINISHED' },
      )
    }
    done('export.cgroup')
    const state = dirname(paths.lxc(name))
    const files = (await readdir(state).catch(() => [])).map((file) => join(state, file))
    const needless = files.filter((path) => !notes.includes(path))
    for (const path of [...paths.ofPool(name), ...needless]) {
      await removeTree(path).catch(() => undefined)
    }
    await rmdir(state).catch(() => undefined)
    await removeLxcLocks(paths.lxc(name)).catch(() => undefined)
  }

  /**
   * Takes from a dataset that it is a pool: nothing imports it any more, until `install()` makes it one again.
   * Its files and datasets stay.
   *
   * @throws StateError while it is imported here, BusyError while it is elsewhere; NotAPoolError
   */
  async uninstall(options: ZfsPoolOptions, more: OperationOptions = {}): Promise<void> {
    const wanted = parse(zfsPoolOptions, options, 'uninstall')
    checkOptions(more, 'uninstall')
    using op = await this.#begin('uninstall', wanted.name, more)
    if (this.#host.pools.has(wanted.name)) {
      throw new StateError(`pool ${wanted.name}`, 'active', 'it must be exported first')
    }
    const { root } = await findZfsPlace(wanted)
    const lock = await takeLock(new PoolLayout(root))
    try {
      op.goOn()
      await uninstallZfsPlace(wanted)
    } finally {
      await lock?.[Symbol.asyncDispose]()
    }
  }

  /**
   * Puts a dataset that nobody needs any more into the trash of its pool, with all that is below it.
   *
   * @param dataset its name, as `zfs` has it: one below the dataset of a pool, and neither the pool's own nor a
   *   container's
   * @returns what it is called there
   * @throws InvalidArgumentError; InUseError naming containers that it is of, or where it is mounted; NotFoundError
   */
  trashDataset(dataset: string, options: OperationOptions = {}): Promise<string> {
    return trashDataset(this.#host, dataset, options)
  }

  find(name: string): Pool | null {
    assertName(name)
    return this.#host.pools.get(name) ?? null
  }

  /** @throws NotFoundError */
  get(name: string): Pool {
    const pool = this.find(name)
    if (pool === null) throw new NotFoundError('pool', name)
    return pool
  }

  async #import(op: Operation, wanted: z.output<typeof poolOptions>): Promise<Pool> {
    const { importing } = this.#host
    importing.add(wanted.name)
    try {
      return await importPool(op, this.#host, wanted)
    } finally {
      importing.delete(wanted.name)
    }
  }

  async #begin(name: string, pool: string, options: OperationOptions): Promise<Operation> {
    assertName(pool)
    const subject = claim('pool', pool)
    const op = new Operation(this.#host.locks, name, resourceOf(subject), options)
    await op.lock([subject])
    return op
  }

  list(): readonly PoolSnapshot[] {
    return [...this.#host.pools.values()].map((pool) => pool.show())
  }
}

/** @throws StateError while one runs whose file is broken or gone: nothing could stop it afterwards */
async function assertNoStrangers(pool: Pool): Promise<void> {
  const strangers = await strangersIn(pool)
  if (strangers.length === 0) return
  const all = strangers.map(({ id, initPid }) => `${id} (${initPid ?? 'starting'})`).join(', ')
  const reason = `containers run whose files are broken or gone: ${all}; mend these, or end them by \`kill -9\``
  throw new StateError(`pool ${pool.name}`, 'in use', reason)
}

function assertName(name: unknown): void {
  if (typeof name !== 'string') throw new InvalidArgumentError('pool', 'must be text: its name')
}

/**
 * Lets go of the pool and everything in it; nothing in the kernel or on disk changes. For who has its lock.
 *
 * @param why tells whoever waits for one of its containers
 * @internal
 */
export async function releasePool(pool: Pool, why: () => Error): Promise<void> {
  await endPool(pool, why)
  await pool.lock?.[Symbol.asyncDispose]()
}

/** Nothing is begun in it any more, and what waits is told. @internal */
export async function endPool(pool: Pool, why: () => Error): Promise<void> {
  pool.end(why)
  const ending = [...pool.containers.values()].map(({ record }) => [
    record.imageRun.settled(),
    record.ephemeral.settled(),
  ])
  await Promise.all(ending.flat())
}

/** What goes on to its end has so long: a disk that does not answer keeps nobody from closing a host. */
const LEAVING_MS = 10_000

/**
 * Lets go of one that has ended, when what could not be given up any more has come to its end: whoever imports it
 * would find that half done, and do it as well.
 *
 * @internal
 */
export async function leavePool({ host, name, driver, lock }: Pool): Promise<void> {
  try {
    // Without its disks nothing comes to its end.
    driver.assertWorking()
    await settlePool(host, name)
  } catch (error) {
    if (!(error instanceof PoolSuspendedError)) throw error
  }
  await lock?.[Symbol.asyncDispose]()
}

/** What is under way with it, an import too, comes to its end. @internal */
export async function settlePool({ locks }: HostContext, name: string): Promise<void> {
  using op = new Operation(locks, 'close', `pool ${name}`, { wait: LEAVING_MS })
  try {
    await op.lock([claim('pool', name)])
  } catch (error) {
    if (!(error instanceof BusyError)) throw error
  }
}
