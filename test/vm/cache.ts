// What takes long to make is made once: directories in the user's cache, named by what they are made of.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { program } from './program.js'

const said = process.env['XDG_CACHE_HOME'] ?? ''
// As its specification says of others.
const base = isAbsolute(said) ? said : join(homedir(), '.cache')
export const cacheDirectory = join(base, 'vpsadminos/vm')

/** Short, and another one as soon as one of the parts changes. */
export function keyOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:`).update(part)
  return hash.digest('hex').slice(0, 16)
}

/**
 * The directory's path. It is whole or not there; one process makes it while the others wait.
 *
 * @param make fills an empty directory
 */
export async function cached(
  name: string,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = join(cacheDirectory, name)
  mkdirSync(cacheDirectory, { recursive: true })
  if (used(directory)) return directory
  const release = (await lock(name, '--nonblock')) ?? (await waited(name))
  try {
    if (used(directory)) return directory
    // The lock makes it ours, also what somebody who was killed has left of it. A program of theirs that still
    // writes there does not find it any more.
    const half = halfOf(name)
    if (existsSync(half)) renameSync(half, mkdtempSync(halfOf(leftPrefix)))
    await removeUnused()
    mkdirSync(half, { mode: 0o700 })
    console.error(`${name} is not in ${cacheDirectory}, and is made`)
    try {
      await make(half)
      writeFileSync(join(half, 'id'), randomUUID())
      // A machine that loses its power has none of it, or all.
      await program('sync', ['--file-system', half])
      renameSync(half, directory)
    } finally {
      rmSync(half, { recursive: true, force: true })
    }
    return directory
  } finally {
    await release()
  }
}

async function waited(name: string): Promise<() => Promise<void>> {
  console.error(`${name} is being made by somebody else, who is waited for`)
  const release = await lock(name)
  if (release === null) throw new Error(`flock ended early, of ${name}`)
  return release
}

/** If it is there, which it answers, it is not removed for another week. */
export function keep(name: string): boolean {
  return used(join(cacheDirectory, name))
}

/** Another one whenever it is made anew: the same recipe does not give the same packages tomorrow. */
export function idOf(directory: string): string {
  return readFileSync(join(directory, 'id'), 'utf8')
}

const weekMs = 7 * 24 * 3600 * 1000
const halfPrefix = '.half-'
/** Of the names of halves that others have left. */
const leftPrefix = 'left-'

/** While it is made, or removed. */
function halfOf(name: string): string {
  return join(cacheDirectory, halfPrefix + name)
}

/** Whether it is there. */
function used(directory: string): boolean {
  try {
    utimesSync(directory, new Date(), new Date())
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

// Every change of what something is made of leaves the former one behind, and who is killed a half.
async function removeUnused(): Promise<void> {
  for (const entry of readdirSync(cacheDirectory)) {
    const path = join(cacheDirectory, entry)
    const isHalf = entry.startsWith(halfPrefix)
    if (!isUnused(path, isHalf)) continue
    const name = isHalf ? entry.slice(halfPrefix.length) : entry
    // Who makes it has the lock; this may be us.
    const release = await lock(name, '--nonblock')
    if (release === null) continue
    try {
      // Somebody may have begun to use it meanwhile.
      if (!isUnused(path, isHalf)) continue
      const half = halfOf(name)
      rmSync(half, { recursive: true, force: true })
      if (!isHalf) renameSync(path, half)
      rmSync(half, { recursive: true, force: true })
    } catch (error) {
      // A program may still be writing there whose maker was killed: the next time, then.
      console.error(`${path} cannot be removed: ${String(error)}`)
    } finally {
      await release()
      // Nobody else asks for one of that name.
      if (name.startsWith(leftPrefix)) rmSync(join(cacheDirectory, `${name}.lock`), { force: true })
    }
  }
}

function isUnused(path: string, isHalf: boolean): boolean {
  const times = statSync(path, { throwIfNoEntry: false })
  return times?.isDirectory() === true && (isHalf || Date.now() - times.mtimeMs >= weekMs)
}

// The kernel gives the lock back when we end in whatever way: flock sees the end of its input.
async function lock(name: string, ...how: '--nonblock'[]): Promise<(() => Promise<void>) | null> {
  const path = join(cacheDirectory, `${name}.lock`)
  const holder = spawn('flock', [...how, path, 'sh', '-c', 'echo held; read -r _'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'exit')
  const held = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    ended.then(() => false),
  ])
  if (!held) return null
  return async () => {
    holder.stdin.end()
    await ended
  }
}
