// The pools of a host: made, imported, exported.

import { chmod, mkdir, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { removeLxcLocks } from '../container/lxc-lock.js'
import type { HostContext } from '../host/context.js'
import { ExistsError, NotAPoolError, NotFoundError, StateError } from '../host/errors.js'
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

export class Pools {
  readonly #host: HostContext

  /** @internal */
  constructor(host: HostContext) {
    this.#host = host
  }

  /**
   * Makes a pool in a directory that is empty or not there yet, and imports it.
   *
   * @throws UnsupportedError when the directory's filesystem cannot do the wanted clone mode
   */
  install(options: InstallOptions): Promise<Pool> {
    return this.installAs(options, { durable: true })
  }

  /** @internal */
  async installAs(options: InstallOptions, { durable }: { durable: boolean }): Promise<Pool> {
    const { cloneMode, ...wanted } = parse(installOptions, options, 'install')
    using _lock = this.#host.locks.take(`pool ${wanted.name}`, 'install')
    if (this.#host.pools.has(wanted.name)) throw new ExistsError('pool', wanted.name)
    const layout = new PoolLayout(wanted.path)
    try {
      await mkdir(wanted.path, { recursive: true, mode: 0o700 }).catch(() =>
        // The recursive one says ENOENT where the filesystem is read-only.
        mkdir(wanted.path, { mode: 0o700 }),
      )
      const found = (await readdir(wanted.path)).filter((name) => name !== 'lost+found')
      if (found.includes(layout.marker)) throw new ExistsError('pool', wanted.path)
      if (found.length > 0 && !(await layout.isHalfMade())) {
        throw new NotAPoolError(wanted.path, 'the directory is not empty')
      }
      await chmod(wanted.path, 0o700)
      await checkVisible(this.#host, wanted.path)
      const mode = await chooseCloneMode(wanted.path, cloneMode)
      await layout.ensure()
      done('install.layout')
      // The marker comes last: without it a half-made pool is none.
      await new ConfigFile(layout.poolFile(), poolFile).create({
        parallel_start: 2,
        parallel_stop: 4,
        attrs: {},
      })
      done('install.config')
      await writeMarker(layout, mode, durable)
      await syncDirectory(wanted.path)
      done('install.marker')
    } catch (error) {
      throw poolError(error, wanted.path)
    }
    return await importPool(this.#host, wanted)
  }

  /**
   * Takes a pool into use, as `Host.open()` does.
   *
   * @throws NotAPoolError, PoolFormatError, PoolUnsafeError, ConfigBrokenError for its marker
   */
  async import(options: PoolOptions): Promise<Pool> {
    const wanted = parse(poolOptions, options, 'import')
    using _lock = this.#host.locks.take(`pool ${wanted.name}`, 'import')
    if (this.#host.pools.has(wanted.name)) throw new ExistsError('pool', wanted.name)
    return await importPool(this.#host, wanted)
  }

  /**
   * Lets go of a pool; its files stay, and its ids stay its own on this machine.
   *
   * @throws StateError while containers of it run
   */
  async export(name: string): Promise<void> {
    using _lock = this.#host.locks.take(`pool ${name}`, 'export')
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
  pool.state = 'exported'
  for (const { record } of pool.containers.values()) record.end(why)
  await pool.lock?.[Symbol.asyncDispose]()
}
