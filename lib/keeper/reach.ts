// Reaches the keeper of a host: starts one where there is none, and has one of another version become this one.
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.js'
import { KeeperError, KeeperLostError, KeeperStartError } from './errors.js'
import { protocolVersion, type Fields } from './protocol.js'
import { renew } from './renewal.js'
import { spawnKeeper } from './spawn.js'

export interface KeeperOptions {
  stateDir: string
  /** Below it the keeper has its own cgroup, and every container's path begins with it. */
  cgroupRoot: string
}

/** Many wait for it: it is becoming another program, which takes some milliseconds. */
function isFull(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'EAGAIN'
}

const FULL_PAUSE_MS = 20
const FULL_LOOKS = 1000

function noKeeper(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

async function connected(options: KeeperOptions): Promise<Connection> {
  for (let looks = 1; ; looks++) {
    try {
      return new Connection(options.stateDir)
    } catch (error) {
      if (noKeeper(error)) break
      if (!isFull(error) || looks === FULL_LOOKS) throw error
    }
    await sleep(FULL_PAUSE_MS)
  }
  try {
    await spawnKeeper(options.stateDir, options.cgroupRoot)
  } catch (error) {
    if (!(error instanceof KeeperStartError)) throw error
    // Somebody else, killed meanwhile perhaps, started one at the same time, and that one stays.
    try {
      return new Connection(options.stateDir)
    } catch {
      throw error
    }
  }
  return new Connection(options.stateDir)
}

/** One of another version is renewed first. */
async function greeted(connection: Connection): Promise<Fields> {
  const hello = () => connection.request('HELLO', { VERSION: protocolVersion })
  try {
    return (await hello()).fields
  } catch (error) {
    if (!(error instanceof KeeperError) || error.code !== 'ERR_KEEPER_VERSION') throw error
    const fields = await renew(connection).catch((cause: unknown) => {
      error.cause = cause
      throw error
    })
    if (fields.number('VERSION') !== protocolVersion) throw error
    return fields
  }
}

/** @throws KeeperStartError ERR_KEEPER_START with what it said */
export async function reachKeeper(
  options: KeeperOptions,
): Promise<{ connection: Connection; hello: Fields }> {
  for (let tries = 1; ; tries++) {
    const connection = await connected(options)
    try {
      return { connection, hello: await greeted(connection) }
    } catch (error) {
      connection.close()
      // Its socket may outlive a keeper that is being killed by a moment.
      if (!(error instanceof KeeperLostError) || tries === 10) throw error
    }
  }
}
