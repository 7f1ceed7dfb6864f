// That cgroups are gone from the unified hierarchy: one watch in the kernel for all who ask.
import { basename } from 'node:path'
import type { CgroupRemoval, Hierarchies, Subscription } from '#native'
import { native } from '../native.js'

interface Asked {
  readonly hierarchies: Hierarchies
  readonly path: string
  readonly tell: () => void
}

const asked = new Map<number, Set<Asked>>()
let subscription: Subscription | null = null

/**
 * Calls `tell` once, when `path` is gone; a path that does not exist is not told of.
 *
 * @returns what to call when nobody wants to know any more
 * @throws SystemError EMFILE when the user has no inotify instance left
 */
export function onRemoval(hierarchies: Hierarchies, path: string, tell: () => void): () => void {
  subscription ??= native.cgroup.watchRemovals(removed)
  let directory: number
  try {
    directory = native.cgroup.addRemoval(subscription, hierarchies, path)
  } catch (error) {
    endWhenIdle()
    if ((error as { code?: unknown }).code === 'ENOENT') return () => {}
    throw error
  }
  const one: Asked = { hierarchies, path, tell }
  const here = asked.get(directory) ?? new Set()
  asked.set(directory, here.add(one))
  return () => forget(directory, one)
}

function forget(directory: number, one: Asked): void {
  const here = asked.get(directory)
  if (here?.delete(one) !== true || here.size > 0) return
  asked.delete(directory)
  if (subscription !== null) native.cgroup.dropRemoval(subscription, directory)
  endWhenIdle()
}

function endWhenIdle(): void {
  if (subscription === null || asked.size > 0) return
  native.cgroup.unwatch(subscription)
  subscription = null
}

function removed({ directory, name }: CgroupRemoval): void {
  if (directory < 0) return lookAtAll()
  for (const one of [...(asked.get(directory) ?? [])]) {
    if (basename(one.path) === name) told(directory, one)
  }
}

function told(directory: number, one: Asked): void {
  forget(directory, one)
  one.tell()
}

// More happened at once than the kernel keeps.
function lookAtAll(): void {
  for (const [directory, here] of asked) {
    for (const one of here) {
      native.cgroup.exists(one.hierarchies, one.path).then(
        (mountpoints) => {
          if (mountpoints.length === 0 && here.has(one)) told(directory, one)
        },
        () => told(directory, one),
      )
    }
  }
}
