// The pools of a host: made, imported, exported.

import { chmod, mkdir, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { removeLxcLocks } from '../container/lxc-lock.js'
import type { HostContext } from '../host/context.js'
import { ExistsError, InvalidArgumentError, NotFoundError, StateError } from '../host/errors.js'
import { claim, resourceOf } from '../host/locks.js'
import { checkOptions, Operation, type OperationOptions } from '../host/operation.js'
import { removeTree } from '../ns/tree.js'
import { parse } from '../schema/parse.js'
import {
  installOptions,
  poolFile,
  poolOptions,
  type InstallOptions,
  type PoolOptions,
} from '../schema/pool.js'
import { chooseCloneMode } from '../storage/dir/clone-mode.js'
import { ConfigFile } from './config-file.js'
import { checkVisible, importPool } from './import.js'
import { PoolLayout } from './layout.js'
import { writeMarker } from './marker.js'
import type { Pool, PoolSnapshot } from './pool.js'
import { poolError, syncDirectory } from './write-file.js'
import { done } from '../step.js'
import { Undo } from '../undo.js'

export class Pools {
  readonly #host: HostContext

  /** @internal */
  constructor(host: HostContext) {
    this.#host = host
  }

  /**
   * Makes a pool in a directory that is empty or not there yet, and imports it.
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
    { durable }: { durable: boolean },
    more: OperationOptions = {},
  ): Promise<Pool> {
    const { cloneMode, ...wanted } = parse(installOptions, options, 'install')
    checkOptions(more, 'install')
    using op = await this.#begin('install', wanted.name, more)
    if (this.#host.pools.has(wanted.name)) throw new ExistsError('pool', wanted.name)
    const layout = new PoolLayout(wanted.path)
    await using undo = new Undo()
    try {
      const made = await mkdir(wanted.path, { recursive: true, mode: 0o700 }).catch(() =>
        // The recursive one says ENOENT where the filesystem is read-only.
        mkdir(wanted.path, { mode: 0o700 }),
      )
      const found = (await readdir(wanted.path)).filter((name) => name !== 'lost+found')
      if (found.includes(layout.marker)) throw new ExistsError('pool', wanted.path)
      if (found.length > 0 && !(await layout.isHalfMade())) {
        throw new InvalidArgumentError('install.path', 'must be an empty directory, or none yet')
      }
      if (found.length === 0) undo.add(() => removeContent(wanted.path))
      if (made !== undefined) undo.add(() => rm(made, { recursive: true }))
      await chmod(wanted.path, 0o700)
      await checkVisible(this.#host, wanted.path)
      const mode = await chooseCloneMode(wanted.path, cloneMode)
      await layout.ensure()
      done('install.layout', op.signal)
      // The marker comes last: without it a half-made pool is none.
      await new ConfigFile(layout.poolFile(), poolFile).create({
        parallel_start: 2,
        parallel_stop: 4,
        attrs: {},
      })
      done('install.config', op.signal)
      await writeMarker(layout, mode, durable)
      await syncDirectory(wanted.path)
      undo.commit()
      done('install.marker')
    } catch (error) {
      throw poolError(error, wanted.path)
    }
    return await importPool(op.goOn(), this.#host, wanted)
  }

  /**
   * Takes a pool into use, as `Host.open()` does.
   *
   * @param more it can be given up until the pool is active
   * @throws NotAPoolError, PoolFormatError, PoolUnsafeError, ConfigBrokenError for its marker
   */
  async import(options: PoolOptions, more: OperationOptions = {}): Promise<Pool> {
    const wanted = parse(poolOptions, options, 'import')
    checkOptions(more, 'import')
    using op = await this.#begin('import', wanted.name, more)
    if (this.#host.pools.has(wanted.name)) throw new ExistsError('pool', wanted.name)
    return await importPool(op, this.#host, wanted)
  }

  /**
   * Lets go of a pool; its files stay, and its ids stay its own on this machine.
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
    this.#host.pools.delete(name)
    await releasePool(pool, () => new StateError(`pool ${name}`, 'exported', 'it must be imported'))
    done('export.released')
    await this.#host.cgroups.dir(pool.cgroup).remove()
    done('export.cgroup')
    // Run state: another import makes anew what it needs, and does not mind what could not be removed.
    const { paths } = this.#host
    const directories = [...paths.ofPool(name), dirname(paths.lxc(name))]
    for (const path of directories) await removeTree(path).catch(() => undefined)
    await removeLxcLocks(paths.lxc(name)).catch(() => undefined)
  }

  find(name: string): Pool | null {
    return this.#host.pools.get(name) ?? null
  }

  /** @throws NotFoundError */
  get(name: string): Pool {
    const pool = this.find(name)
    if (pool === null) throw new NotFoundError('pool', name)
    return pool
  }

  async #begin(name: string, pool: string, options: OperationOptions): Promise<Operation> {
    const subject = claim('pool', pool)
    const op = new Operation(this.#host.locks, name, resourceOf(subject), options)
    await op.lock([subject])
    return op
  }

  list(): readonly PoolSnapshot[] {
    return [...this.#host.pools.values()].map((pool) => pool.show())
  }
}

/**
 * Lets go of the pool and everything in it; nothing in the kernel or on disk changes.
 *
 * @param why tells whoever waits for one of its containers
 * @internal
 */
export async function releasePool(pool: Pool, why: () => Error): Promise<void> {
  pool.end(why)
  await pool.lock?.[Symbol.asyncDispose]()
}

async function removeContent(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (name !== 'lost+found') await rm(join(directory, name), { recursive: true })
  }
}
