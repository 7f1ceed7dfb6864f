// The daemon: one host, and a socket on which its administrators ask for things.

import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { lstat, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { createConnection, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { ClosedError } from '../errors.js'
import { InvalidArgumentError } from '../host/errors.js'
import { Host } from '../host/host.js'
import { nullWhenMissing } from '../pool/open-file.js'
import type { Pool } from '../pool/pool.js'
import type { PoolOptions } from '../schema/pool.js'
import { daemonOptions, type DaemonOptions } from '../schema/daemon.js'
import { parse } from '../schema/parse.js'
import type { ShutdownState } from '../shutdown/shutdown.js'
import { Undo } from '../undo.js'
import { makeApi } from './api.js'
import { answerOf } from './error-answer.js'
import { startByItself } from './autostart.js'
import { tellOfBroken } from './broken-files.js'
import { ByteStreams } from './byte-streams.js'
import { listenTls, type NetworkServer } from './network.js'
import { passedSocket } from './service-manager.js'
import { Tasks } from './under-way.js'

type Checked = z.output<typeof daemonOptions>

interface PoolStatus {
  readonly state: 'importing' | 'active' | 'exported' | 'failed'
  /** Why it failed. */
  readonly error?: object
  /** As it stands in the configuration. */
  readonly options: PoolOptions
}

/**
 * ```ts
 * await using daemon = await Daemon.open({ pools: [{ name: 'tank', driver: 'zfs' }] }, pino())
 * await daemon.begun
 * ```
 *
 * Closed, it leaves its containers and their keeper alone: the next one finds them.
 */
export class Daemon implements AsyncDisposable {
  readonly host: Host
  /** Null when a service manager has passed the socket. */
  readonly socket: string | null
  /** Every pool was imported, or could not be, and what starts by itself was started. */
  readonly begun: Promise<void>
  readonly #imported: Promise<unknown>
  readonly #log: Logger
  readonly #app: FastifyInstance
  readonly #network: NetworkServer | null
  readonly #tasks: Tasks
  readonly #streams: ByteStreams
  readonly #pools: Map<string, PoolStatus>
  readonly #ending = new AbortController()
  #closing: Promise<void> | null = null

  private constructor(parts: {
    host: Host
    socket: string | null
    log: Logger
    app: FastifyInstance
    network: NetworkServer | null
    tasks: Tasks
    streams: ByteStreams
    pools: Map<string, PoolStatus>
    options: Checked
    shutdown: ShutdownState
  }) {
    this.host = parts.host
    this.socket = parts.socket
    this.#log = parts.log
    this.#app = parts.app
    this.#network = parts.network
    this.#tasks = parts.tasks
    this.#streams = parts.streams
    this.#pools = parts.pools
    const { pools, autostart } = parts.options
    const imports = this.#begin(pools, parts.shutdown)
    this.#imported = Promise.all(imports)
    this.begun = this.#started(imports, autostart)
  }

  /**
   * Resolves when it answers; pools are imported then.
   *
   * @throws InvalidArgumentError; HostBusyError while another process has the host
   */
  static async open(given: DaemonOptions, log: Logger): Promise<Daemon> {
    const options = parse(daemonOptions, given, 'osctld')
    const { stateDir, cgroupRoot, interfacePrefix } = options
    await using undo = new Undo()
    const host = await Host.open({ stateDir, cgroupRoot, interfacePrefix })
    undo.add(() => host.close())
    const tasks = new Tasks()
    const pools = new Map<string, PoolStatus>()
    const since = Date.now()
    const status = () => ({ pid: process.pid, since, pools: poolsNow(host, pools) })
    const onDone = () => noteImported(host, pools)
    const app = await makeApi({ host, tasks, log, status, onDone })
    undo.add(() => app.close())
    const streams = new ByteStreams(host)
    const accept = streams.accept.bind(streams)
    app.server.on('upgrade', accept)
    const network = options.tls === undefined ? null : await listenTls(app, accept, options.tls)
    undo.add(() => network?.close())
    const shutdown = await host.shutdownState()
    const passed = passedSocket()
    const socket = passed === null ? (options.socket ?? join(stateDir, 'osctld.sock')) : null
    await listen(app.server, socket ?? passed)
    undo.commit()
    // The first who asks finds the pools being imported already.
    return new Daemon({ host, socket, log, app, network, tasks, streams, pools, options, shutdown })
  }

  /** Where it is asked over the network; null when it is not. */
  get address(): AddressInfo | null {
    return (this.#network?.address() ?? null) as AddressInfo | null
  }

  /** Answers nobody any more, gives up what is under way, and lets go of the host. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #begin(pools: readonly PoolOptions[], shutdown: ShutdownState): Promise<Pool | null>[] {
    if (shutdown === 'finished') {
      // What they are on may be gone at any moment.
      for (const pool of pools) this.#pools.set(pool.name, { state: 'exported', options: pool })
      this.#log.warn('the host was shut down: no pool is imported before that is aborted')
      return []
    }
    const imports = pools.map((pool) => this.#import(pool))
    // Not after them: one may be long in coming, and it waits for each by itself.
    if (shutdown === 'unfinished') void this.#shutDown()
    return imports
  }

  async #started(imports: readonly Promise<Pool | null>[], autostart: boolean): Promise<void> {
    const start = async (imported: Promise<Pool | null>): Promise<void> => {
      const pool = await imported
      if (pool !== null && autostart) await startByItself(pool, this.#log, this.#ending.signal)
    }
    await Promise.all(imports.map(start))
  }

  /** Goes on with what an earlier process has begun. Whoever asks for it meanwhile is told how far it is. */
  async #shutDown(): Promise<void> {
    this.#log.warn('the host is being shut down')
    try {
      const { stopped, exported } = await this.host.shutdown({ label: 'osctld' })
      this.#log.info({ stopped, exported }, 'the host is shut down')
    } catch (error) {
      if (this.#ending.signal.aborted) return
      this.#log.error({ err: error }, 'the host could not be shut down')
    }
  }

  /** Null where that is not to be, or has failed. */
  async #import(pool: PoolOptions): Promise<Pool | null> {
    const { name } = pool
    const { signal } = this.#ending
    this.#pools.set(name, { state: 'importing', options: pool })
    try {
      const imported = await this.host.pools.import(pool, { signal, label: 'osctld' })
      this.#pools.set(name, { state: 'active', options: pool })
      this.#log.info({ pool: name }, 'pool imported')
      tellOfBroken(imported, this.#log)
      return imported
    } catch (error) {
      if (signal.aborted) return null
      this.#log.error({ pool: name, err: error }, 'pool could not be taken into use')
      if (this.host.pools.find(name) === null) {
        this.#pools.set(name, { state: 'failed', options: pool, ...answerOf(error) })
      }
      return null
    }
  }

  async #close(): Promise<void> {
    this.#ending.abort()
    // Nobody has given it up: what must be finished is by the next one.
    this.#tasks.cancelAll(new ClosedError('osctld'))
    const { server } = this.#app
    const servers = [server, ...(this.#network === null ? [] : [this.#network])]
    const closed = servers.map((one) => new Promise((resolve) => one.close(resolve)))
    await this.#streams.end()
    for (const one of servers) one.closeAllConnections()
    await this.#app.close()
    await Promise.all(closed)
    await this.#imported
    // What is being started by itself ends with it.
    await this.host.close()
    await this.begun
  }
}

/** Those of the configuration: others import and export them, too. */
function poolsNow(host: Host, noted: ReadonlyMap<string, PoolStatus>): object {
  return Object.fromEntries(
    [...noted].map(([name, status]) => {
      const { options } = status
      if (host.pools.find(name) !== null && status.state !== 'importing') {
        return [name, { state: 'active', options }]
      }
      return [name, status.state === 'active' ? { state: 'exported', options } : status]
    }),
  )
}

/** What could not be imported in the beginning was, by somebody: why it could not be is of no more interest. */
function noteImported(host: Host, noted: Map<string, PoolStatus>): void {
  for (const [name, { state, options }] of noted) {
    if (state === 'failed' && host.pools.find(name) !== null)
      noted.set(name, { state: 'active', options })
  }
}

/**
 * Takes away the socket of a daemon that is gone, and nothing else.
 *
 * @throws InvalidArgumentError when something else is there, or somebody answers
 */
async function makeRoom(path: string): Promise<void> {
  const refuse = (why: string) => new InvalidArgumentError('osctld.socket', why)
  const directory = dirname(path)
  if (!existsSync(directory)) throw refuse(`there is no directory '${directory}'`)
  const found = await lstat(path).catch(nullWhenMissing)
  if (found === null) return
  if (!found.isSocket()) throw refuse(`'${path}' is there, and is no socket`)
  if (await isAnswered(path)) throw refuse(`another program answers at '${path}'`)
  await rm(path, { force: true })
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code !== 'ECONNREFUSED' && code !== 'ENOENT'
  } finally {
    socket.destroy()
  }
}

/** @param where a path, or a descriptor that was passed */
async function listen(server: Server, where: string | number | null): Promise<void> {
  if (typeof where === 'string') await makeRoom(where)
  // It is bound before this returns: at no time can others than root connect.
  const mask = process.umask(0o177)
  try {
    server.listen(typeof where === 'string' ? { path: where } : { fd: where })
  } finally {
    process.umask(mask)
  }
  await once(server, 'listening')
}
