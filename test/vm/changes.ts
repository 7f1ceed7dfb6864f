// What programs/changes.ts does and says, and what must be true of it after the power was cut.

export type Change =
  | { readonly what: 'create' | 'delete'; readonly id: string }
  | { readonly what: 'rename'; readonly id: string; readonly to: string }
  | { readonly what: 'set'; readonly id: string; readonly memoryLimit: number }

export interface FoundContainer {
  readonly id: string
  readonly memoryLimit: number | null
  /** In /etc/hostname, or what went wrong. */
  readonly hostname: string
}

export interface Found {
  readonly containers: readonly FoundContainer[]
  /** Paths of configuration files that cannot be understood. */
  readonly broken: readonly string[]
  readonly leftovers: readonly string[]
}

export type Said =
  | ({ readonly type: 'found' } & Found)
  | { readonly type: 'begin' | 'done'; readonly change: Change }

type Containers = ReadonlyMap<string, FoundContainer>

/** The containers after that change. */
function changed(before: Containers, change: Change): Containers {
  const after = new Map(before)
  const old = before.get(change.id)
  if (change.what === 'create') {
    after.set(change.id, { id: change.id, memoryLimit: null, hostname: change.id })
  }
  if (change.what === 'delete') after.delete(change.id)
  if (change.what === 'rename' && old !== undefined) {
    after.delete(change.id)
    after.set(change.to, { ...old, id: change.to, hostname: change.to })
  }
  if (change.what === 'set' && old !== undefined) {
    after.set(change.id, { ...old, memoryLimit: change.memoryLimit })
  }
  return after
}

/**
 * What is wrong with what was found: nothing, when every change that was done before the cut is there,
 * and every other wholly or not at all.
 *
 * @param lines what was said since the containers were `before`
 * @param acknowledged how many of them had been heard when the power was cut
 */
export function wrongs(
  before: readonly FoundContainer[],
  lines: readonly Said[],
  acknowledged: number,
  found: Found,
): string[] {
  let sure: Containers = new Map(before.map((container) => [container.id, container]))
  const open = new Map<string, Change>()
  for (const [index, said] of lines.entries()) {
    if (said.type === 'found') continue
    const key = JSON.stringify(said.change)
    if (said.type === 'begin') open.set(key, said.change)
    else if (index < acknowledged) {
      open.delete(key)
      sure = changed(sure, said.change)
    }
  }
  // Each of those that were under way is there or not.
  let possible = [sure]
  for (const change of open.values()) {
    possible = possible.flatMap((containers) => [containers, changed(containers, change)])
  }
  const text = (containers: Iterable<FoundContainer>): string =>
    [...containers]
      .map(({ id, memoryLimit, hostname }) => `${id}: ${memoryLimit} ${hostname}`)
      .sort()
      .join('\n')
  const is = text(found.containers)
  const differences = possible.map((containers) => text(containers.values()))
  return [
    ...found.broken.map((path) => `${path} is broken`),
    ...found.leftovers.map((what) => `${what} is left`),
    ...(differences.includes(is) ? [] : [`found:\n${is}\nand not:\n${differences.join('\nor\n')}`]),
  ]
}
