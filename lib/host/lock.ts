// Locks between processes that cannot go stale: an abstract unix socket has one listener, and the
// kernel frees the name when the process ends, however it ends.

import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { HostBusyError } from './errors.js'

const RETRY_MS = 5

/** Keeps a second process from opening the same state directory. */
export class HostLock implements AsyncDisposable {
  private constructor(
    readonly stateDir: string,
    readonly server: Server,
  ) {}

  /** @throws HostBusyError with the holder's pid */
  static async take(stateDir: string): Promise<HostLock> {
    const pidFile = join(stateDir, 'host.pid')
    const server = await listen(`host-${await identity(stateDir)}`)
    if (server === null) throw new HostBusyError(stateDir, await readPid(pidFile))
    await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 })
    return new HostLock(stateDir, server)
  }

  /** True when some process has the host open. */
  static async held(stateDir: string): Promise<boolean> {
    const server = await listen(`host-${await identity(stateDir)}`)
    if (server !== null) await close(server)
    return server === null
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(join(this.stateDir, 'host.pid'), { force: true })
    await close(this.server)
  }
}

let queue: Promise<unknown> = Promise.resolve()

/** Runs `work` while no other process of this machine is in a section of the same name. */
export function withMachineLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  // Those in this process queue up first; only one of them at a time polls for the name.
  const turn = queue.then(async () => {
    let server = await listen(name)
    while (server === null) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      server = await listen(name)
    }
    try {
      return await work()
    } finally {
      await close(server)
    }
  })
  queue = turn.catch(() => undefined)
  return turn
}

// Device and inode, so that two spellings of a path are one lock.
async function identity(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true })
  return `${dev}-${ino}`
}

/** The listening server, or null when another process has the name. */
function listen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(null)
      else reject(error)
    })
    server.listen(`\0vpsadminos/${name}`, () => {
      server.unref()
      resolve(server)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

// The holder writes its pid right after it has the lock, so it may take a moment to appear.
async function readPid(path: string): Promise<number | null> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const pid = Number.parseInt(await readFile(path, 'utf8').catch(() => ''), 10)
    if (pid > 0 && (await stat(`/proc/${pid}`).catch(() => null)) !== null) return pid
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  return null
}
