// The cgroup hierarchies of this machine, and the removal of what one run made in them.
import { existsSync, readFileSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const prefix = 'vpsadminos-bench-'

/** Every kind of row but the engine's, which chooses its own, since each prepares the directories above its containers its way. */
export const cgroupRoots = {
  floor: `${prefix}${process.pid}-floor`,
  oci: `${prefix}${process.pid}-oci`,
}

interface Hierarchy {
  mountpoint: string
  unified: boolean
  /** Controllers, and `name=…` for a hierarchy that has none; empty on v2. */
  parts: string[]
}

export function hierarchies(): Hierarchy[] {
  const found = new Map<string, Hierarchy>()
  for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
    const fields = line.split(' ')
    const [type, , options] = fields.slice(fields.indexOf('-') + 1)
    const [root, mountpoint] = [fields[3], fields[4]]
    if (root !== '/' || mountpoint === undefined || !/^cgroup2?$/.test(type ?? '')) continue
    const unified = type === 'cgroup2'
    const parts = unified ? [] : (options ?? '').split(',').filter((part) => !/^r[wo]$/.test(part))
    const key = parts.join()
    if (!found.has(key)) found.set(key, { mountpoint, unified, parts })
  }
  return [...found.values()]
}

export function cgroupMode(): 'unified' | 'hybrid' | 'legacy' {
  const all = hierarchies()
  if (all.every((hierarchy) => hierarchy.unified)) return 'unified'
  return all.some((hierarchy) => hierarchy.unified) ? 'hybrid' : 'legacy'
}

/** The directory of a process in every hierarchy, absolute. */
export function cgroupsOf(pid: number | 'self'): (Hierarchy & { directory: string })[] {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trimEnd().split('\n')
  return lines.flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    const named = controllers === '' ? [] : controllers.split(',')
    const hierarchy = hierarchies().find(({ unified, parts }) =>
      named.length === 0 ? unified : named.every((part) => parts.includes(part)),
    )
    return hierarchy ? [{ ...hierarchy, directory: join(hierarchy.mountpoint, path) }] : []
  })
}

/** Removes what runs that were killed have left behind. */
export async function sweep(): Promise<void> {
  const names = new Set(hierarchies().flatMap(({ mountpoint }) => readdirSync(mountpoint)))
  for (const name of names)
    if (name.startsWith(prefix) && !existsSync(`/proc/${parseInt(name.slice(prefix.length))}`))
      await removeCgroups(name)
}

/** Ends every process below a cgroup and removes it, in all hierarchies. */
export async function removeCgroups(name: string): Promise<void> {
  for (let attempt = 0; attempt < 250; attempt++) {
    const left = hierarchies().flatMap(({ mountpoint }) => tree(join(mountpoint, name)))
    if (left.length === 0) return
    for (const directory of left) {
      for (const pid of members(directory)) kill(pid)
      try {
        rmdirSync(directory)
      } catch {
        // Busy until the processes above have gone.
      }
    }
    await sleep(20)
  }
  throw new Error(`the cgroups of ${name} cannot be removed`)
}

/** A directory and all below it, the deepest first. */
function tree(directory: string): string[] {
  if (!existsSync(directory)) return []
  const entries = readdirSync(directory, { withFileTypes: true })
  const inner = entries.filter((entry) => entry.isDirectory())
  return [...inner.flatMap((entry) => tree(join(directory, entry.name))), directory]
}

function members(directory: string): number[] {
  const text = readFileSync(join(directory, 'cgroup.procs'), 'utf8')
  return text.split('\n').filter(Boolean).map(Number)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
