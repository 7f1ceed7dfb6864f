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
 * and every other wholly or not at all, none before one that was begun earlier.
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
  // Whether what nobody has heard of is done makes no difference.
  const changes = lines.flatMap((said, index) =>
    said.type === 'found' || (said.type === 'done' && index >= acknowledged)
      ? []
      : [{ change: said.change, sure: said.type === 'done' }],
  )
  const ids = [
    ...[before, found].flatMap(({ containers, received }) => [
      ...containers.map(({ id }) => id),
      ...received,
    ]),
    ...changes.flatMap(({ change }) => ('id' in change ? [change.id] : [])),
  ]
  return [
    ...found.damage,
    ...found.broken.map((path) => `${path} is broken`),
    ...found.leftovers.map((what) => `${what} is left`),
    ...[...new Set(ids.map(workerOf))].flatMap((worker) => {
      const own = changes.filter(({ change }) => 'id' in change && workerOf(change.id) === worker)
      return wrongsOf(partOf(before, worker), own, partOf(found, worker))
    }),
  ]
}

/** Who has it: ids begin with that. */
function workerOf(id: string): string {
  return id.slice(0, 1)
}

function partOf({ containers, received }: Contents, worker: string): Contents {
  return {
    containers: containers.filter(({ id }) => workerOf(id) === worker),
    received: received.filter((id) => workerOf(id) === worker),
  }
}

/** Of one worker, which does one thing after the other. */
function wrongsOf(
  before: Contents,
  changes: readonly { readonly change: Change; readonly sure: boolean }[],
  found: Contents,
): string[] {
  let sure = before
  let open: Change[] = []
  for (const { change, sure: isSure } of changes) {
    if (isSure) {
      sure = changed(sure, change)
      open = []
    } else {
      open.push(change)
    }
  }
  const possible = [sure]
  for (const change of open) possible.push(changed(possible.at(-1) ?? sure, change))
  const differences = possible.map(text)
  const is = text(found)
  return differences.includes(is) ? [] : [`found:\n${is}\nand not:\n${differences.join('\nor\n')}`]
}
