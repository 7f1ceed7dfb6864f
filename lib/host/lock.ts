// The lock that gives a state directory to one process, and locks of the whole machine.

import { existsSync, writeFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { FileLock } from '../ns/file-lock.js'
import { BusyError, HostBusyError, InUseError } from './errors.js'
import { claim, Locks, type Claim, type HeldLock } from './locks.js'
import type { Operation } from './operation.js'
import { replaceRunFile } from './run-file.js'

const RETRY_MS = 2
/** Sections are short: another process that takes longer has stopped in its own. */
const MACHINE_WAIT_MS = 90_000
/** A process that was killed while it started a program leaves the lock to it until its execve. */
const LEAVING_MS = 5000

/** Keeps a second process from opening the same state directory. */
export class HostLock implements AsyncDisposable {
  readonly #lock: FileLock

  private constructor(lock: FileLock) {
    this.#lock = lock
  }

  /** @throws HostBusyError with the holder's pid */
  static async take(stateDir: string): Promise<HostLock> {
    const path = join(stateDir, 'host.lock')
    const begin = performance.now()
    let lock = await FileLock.take(path)
    while (lock === null) {
      const pid = await holder(path)
      const leaves = pid !== null && !exists(pid) && performance.now() - begin < LEAVING_MS
      if (!leaves) throw new HostBusyError(stateDir, pid)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      lock = await FileLock.take(path)
    }
    await lock.file.truncate()
    await lock.file.write(`${process.pid}\n`)
    return new HostLock(lock)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]()
  }
}

/** Where what all hosts of this machine share is kept. */
export const MACHINE_DIRECTORY = '/run/vpsadminos'

/**
 * Notes whose a cgroup root is: two hosts in one, or in a part of one, would take each other's containers for
 * their own.
 *
 * @returns what takes the note back, where there was none
 * @throws InUseError when it is in one, or has one in it, of another state directory which is still there
 */
export async function claimCgroupRoot(
  op: Operation,
  cgroupRoot: string,
  stateDir: string,
): Promise<() => Promise<void>> {
  let known = false
  await withCgroupRoots(op, (owners) => {
    known = owners.get(cgroupRoot) === stateDir
    for (const [root, owner] of owners) {
      if (owner === stateDir || !(isWithin(root, cgroupRoot) || isWithin(cgroupRoot, root)))
        continue
      throw new InUseError('cgroup root', root, [`the host at ${owner}`])
    }
    owners.set(cgroupRoot, stateDir)
  })
  if (known) return () => Promise.resolve()
  return () => withCgroupRoots(op.withoutSignal(), (owners) => owners.delete(cgroupRoot))
}

const isWithin = (path: string, other: string): boolean => `${path}/`.startsWith(`${other}/`)

/** Strikes out those whose state directory is gone. */
export async function forgetCgroupRoots(op: Operation): Promise<void> {
  await withCgroupRoots(op, () => undefined)
}

// Where /run is a disk, a loss of power can leave it damaged; then nothing of what it says runs any more.
function ownersIn(text: string): Record<string, string> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text))
  } catch {
    return {}
  }
}

async function withCgroupRoots(
  op: Operation,
  change: (owners: Map<string, string>) => unknown,
): Promise<void> {
  await withMachineLock(op, MACHINE_DIRECTORY, 'cgroup-roots', async () => {
    const path = join(MACHINE_DIRECTORY, 'cgroup-roots.json')
    const text = await readFile(path, 'utf8').catch(() => '{}')
    const known = Object.entries(ownersIn(text))
    const owners = new Map(known.filter(([, directory]) => existsSync(directory)))
    change(owners)
    const changed = JSON.stringify(Object.fromEntries(owners))
    if (changed === text) return
    await replaceRunFile(path, changed)
  })
}

/** Of all hosts in this process. */
const machineLocks = new Locks()

/** Locks of the whole machine that this process holds, or waits for. */
export function heldMachineLocks(): readonly HeldLock[] {
  return machineLocks.list()
}

/**
 * Runs `work` while nobody else is in a section of the same name in the same directory: neither in
 * another process nor here. No other lock is taken in there.
 */
export async function withMachineLock<T>(
  op: Operation,
  directory: string,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(directory, `${name}.lock`)
  const section = claim('machine', name, 'exclusive', path)
  // Those in this process queue up first; only one of them at a time asks for the file.
  using _turn = await op.lock([section], machineLocks)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await using _lock = await takeFile(path, section, op.signal)
  return await work()
}

async function takeFile(
  path: string,
  section: Claim,
  signal: AbortSignal | undefined,
): Promise<FileLock> {
  const begin = performance.now()
  let lock = await FileLock.take(path)
  while (lock === null) {
    signal?.throwIfAborted()
    const pid = pidIn(await readFile(path, 'utf8').catch(() => ''))
    machineLocks.heldOutside(section, pid)
    const waited = performance.now() - begin
    if (waited > MACHINE_WAIT_MS) {
      const other = pid === null ? 'another process' : `process ${pid}`
      throw new BusyError(`machine ${section.name}`, other, waited)
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    lock = await FileLock.take(path)
  }
  machineLocks.heldOutside(section, 'nobody')
  // A few bytes in memory, for whoever finds the lock taken.
  writeFileSync(path, `${process.pid}\n`)
  return lock
}

// The holder writes its pid right after it has the lock, so it may take a moment to appear.
async function holder(path: string): Promise<number | null> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const pid = pidIn(await readFile(path, 'utf8').catch(() => ''))
    if (pid !== null) return pid
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
  return null
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function pidIn(text: string): number | null {
  const pid = Number.parseInt(text, 10)
  return pid > 0 ? pid : null
}
