// What takes long to make is made once: directories in the user's cache, named by what they are made of.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
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
  if (existsSync(directory)) return used(directory)
  const release = await lock(join(cacheDirectory, `${name}.lock`))
  try {
    if (existsSync(directory)) return used(directory)
    removeUnused()
    const partial = mkdtempSync(join(cacheDirectory, '.partial-'))
    try {
      await make(partial)
      renameSync(partial, directory)
    } finally {
      rmSync(partial, { recursive: true, force: true })
    }
    return directory
  } finally {
    await release()
  }
}

const weekMs = 7 * 24 * 3600 * 1000

function used(directory: string): string {
  utimesSync(directory, new Date(), new Date())
  return directory
}

// Every change of what something is made of leaves the former one behind.
function removeUnused(): void {
  for (const name of readdirSync(cacheDirectory)) {
    const path = join(cacheDirectory, name)
    const times = statSync(path, { throwIfNoEntry: false })
    if (times?.isDirectory() !== true || Date.now() - times.mtimeMs < weekMs) continue
    rmSync(path, { recursive: true, force: true })
  }
}

// The kernel gives the lock back when we end in whatever way: flock sees the end of its input.
async function lock(path: string): Promise<() => Promise<void>> {
  const holder = spawn('flock', [path, 'sh', '-c', 'echo held; read -r _'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(holder, 'exit')
  await Promise.race([
    once(holder.stdout, 'data'),
    ended.then(() => Promise.reject(new Error(`flock ${path} ended early`))),
  ])
  return async () => {
    holder.stdin.end()
    await ended
  }
}
