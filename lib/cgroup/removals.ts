// That cgroups may be gone from the unified hierarchy: one watch in the kernel for all who ask.
import { basename } from 'node:path'
import type { CgroupRemoval, Hierarchies, Subscription } from '#native'
import { native } from '../native.js'

interface Asked {
  readonly name: string
  readonly look: () => void
}

/** Directories by their numbers; -1 has those who are looked after by the clock. */
const asked = new Map<number, Set<Asked>>()
const BY_CLOCK = -1
const CLOCK_MS = 1000

let subscription: Subscription | null = null
let clock: NodeJS.Timeout | null = null

/**
 * Calls `look` when `path` may be gone: what is told of may have been a former one of that name.
 *
 * @returns what to call when nobody wants to know any more
 */
export function onRemoval(hierarchies: Hierarchies, path: string, look: () => void): () => void {
  const directory = directoryOf(hierarchies, path)
  const one: Asked = { name: basename(path), look }
  const here = asked.get(directory) ?? new Set()
  asked.set(directory, here.add(one))
  return () => forget(directory, one)
}

function directoryOf(hierarchies: Hierarchies, path: string): number {
  try {
    subscription ??= native.cgroup.watchRemovals(removed)
    return native.cgroup.addRemoval(subscription, hierarchies, path)
  } catch {
    // All inotify instances or watches of the user are taken, inotify(7), and guests count as well.
    clock ??= setInterval(() => lookAt(asked.get(BY_CLOCK)), CLOCK_MS).unref()
    return BY_CLOCK
  }
}

function forget(directory: number, one: Asked): void {
  const here = asked.get(directory)
  if (here?.delete(one) !== true || here.size > 0) return
  asked.delete(directory)
  if (directory === BY_CLOCK && clock !== null) {
    clearInterval(clock)
    clock = null
  } else if (subscription !== null) {
    native.cgroup.dropRemoval(subscription, directory)
  }
  if (subscription === null || asked.size > (asked.has(BY_CLOCK) ? 1 : 0)) return
  native.cgroup.unwatch(subscription)
  subscription = null
}

function removed({ directory, name }: CgroupRemoval): void {
  // More happened at once than the kernel keeps.
  if (directory < 0) for (const here of asked.values()) lookAt(here)
  else lookAt(asked.get(directory), name)
}

function lookAt(all: ReadonlySet<Asked> = new Set(), name?: string): void {
  for (const one of [...all]) if (name === undefined || one.name === name) one.look()
}
