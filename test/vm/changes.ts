// What programs/changes.ts does and says, and what must be true of it after the power was cut.

export type Change =
  | { readonly what: 'create'; readonly id: string }
  | { readonly what: 'copy'; readonly id: string; readonly to: string }
  | { readonly what: 'delete'; readonly id: string }
  | { readonly what: 'rename'; readonly id: string; readonly to: string }
  | { readonly what: 'set'; readonly id: string; readonly memoryLimit: number }
  | { readonly what: 'snapshot'; readonly id: string; readonly name: string }
  /** A stream into a dataset beside the containers; and that dataset into the trash. */
  | { readonly what: 'receive'; readonly id: string }
  | { readonly what: 'discard'; readonly id: string }
  /** What is in the trash is destroyed. */
  | { readonly what: 'prune' }

export interface FoundContainer {
  readonly id: string
  readonly memoryLimit: number | null
  /** In /etc/hostname, or what went wrong. */
  readonly hostname: string
  /** Names of snapshots, in order; none where the pool cannot make any. */
  readonly snapshots: readonly string[]
}

/** What is on a pool. */
export interface Contents {
  readonly containers: readonly FoundContainer[]
  /** What streams have made; with what is wrong with one behind its name. */
  readonly received: readonly string[]
}

export interface Found extends Contents {
  /** Paths of configuration files that cannot be understood. */
  readonly broken: readonly string[]
  readonly leftovers: readonly string[]
  /** What the pool's filesystem says of itself that is not well. */
  readonly damage: readonly string[]
}

export type Said =
  | ({ readonly type: 'found' } & Found)
  | { readonly type: 'begin' | 'done'; readonly change: Change }

/** What is on it after that change. */
function changed(before: Contents, change: Change): Contents {
  const { containers, received } = before
  const put = (id: string, by: (old: FoundContainer) => FoundContainer): Contents => ({
    received,
    containers: containers.map((one) => (one.id === id ? by(one) : one)),
  })
  switch (change.what) {
    case 'create': {
      const { id } = change
      const fresh = { id, memoryLimit: null, hostname: id, snapshots: [] }
      return { received, containers: [...containers, fresh] }
    }
    case 'copy': {
      // Without its snapshots.
      const copies = containers
        .filter(({ id }) => id === change.id)
        .map((old) => ({ ...old, id: change.to, hostname: change.to, snapshots: [] }))
      return { received, containers: [...containers, ...copies] }
    }
    case 'delete':
      return { received, containers: containers.filter(({ id }) => id !== change.id) }
    case 'rename':
      return put(change.id, (old) => ({ ...old, id: change.to, hostname: change.to }))
    case 'set':
      return put(change.id, (old) => ({ ...old, memoryLimit: change.memoryLimit }))
    case 'snapshot':
      return put(change.id, (old) => ({ ...old, snapshots: [...old.snapshots, change.name] }))
    case 'receive':
      return { containers, received: [...received, change.id] }
    case 'discard':
      return { containers, received: received.filter((id) => id !== change.id) }
    case 'prune':
      return before
  }
}

function text({ containers, received }: Contents): string {
  const lines = containers.map(
    ({ id, memoryLimit, hostname, snapshots }) =>
      `${id}: ${memoryLimit} ${hostname} ${snapshots.join(' ')}`,
  )
  return [...lines.sort(), `received: ${[...received].sort().join(', ')}`].join('\n')
}

/**
 * What is wrong with what was found: nothing, when every change that was done before the cut is there,
 * and every other wholly or not at all.
 *
 * @param lines what was said since the pool was as `before`
 * @param acknowledged how many of them had been heard when the power was cut
 */
export function wrongs(
  before: Contents,
  lines: readonly Said[],
  acknowledged: number,
  found: Found,
): string[] {
  let sure = before
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
    possible = possible.flatMap((contents) => [contents, changed(contents, change)])
  }
  const is = text(found)
  const differences = possible.map(text)
  return [
    ...found.damage,
    ...found.broken.map((path) => `${path} is broken`),
    ...found.leftovers.map((what) => `${what} is left`),
    ...(differences.includes(is) ? [] : [`found:\n${is}\nand not:\n${differences.join('\nor\n')}`]),
  ]
}
