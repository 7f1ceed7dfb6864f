// A list of containers as it is asked for: some of them, some of what is known of them, and what they use.

import type { StatsFigure } from '../cgroup/figures.js'
import { containerFilter, type ContainerFilter } from '../container/containers.js'
import type { SnapshotField } from '../container/snapshot.js'
import type { Host } from '../host/host.js'

export const FILTERS = Object.keys(containerFilter.shape) as (keyof ContainerFilter)[]

type Names = Partial<Record<Exclude<keyof ContainerFilter, 'ephemeral'>, string[] | undefined>>

interface Asked extends Names {
  readonly ephemeral?: boolean | undefined
  readonly ids?: string[] | undefined
  readonly fields?: string[] | undefined
  readonly stats?: boolean | undefined
  readonly figures?: readonly StatsFigure[] | undefined
}

/** @returns snapshots, or those fields of them, and with `stats` a field of that name */
export async function listed(
  host: Host,
  { ids, fields, stats: withStats = false, figures, ...filter }: Asked,
  signal: AbortSignal,
): Promise<readonly object[]> {
  const only =
    ids === undefined ? null : new Set(ids.map((id) => referenceOf(host.containers.get(id))))
  // The engine says what is wrong with any of these.
  const shown =
    fields === undefined
      ? host.containers.list(filter as ContainerFilter)
      : host.containers.list(filter as ContainerFilter, [
          ...new Set([...NEEDED, ...(fields as SnapshotField[])]),
        ])
  const wanted = only === null ? shown : shown.filter((one) => only.has(referenceOf(one)))
  if (!withStats) return wanted
  const running = wanted.filter(({ initPid }) => initPid !== null).map(referenceOf)
  const stats = await host.containers.stats(running, { signal, figures })
  return wanted.map((one) => ({ ...one, stats: stats.get(referenceOf(one)) ?? null }))
}

/** Of each, so that it can be told which one it is, and whether it uses anything. */
const NEEDED = ['pool', 'id', 'initPid'] as const

export function referenceOf({ pool, id }: { pool: string; id: string }): string {
  return `${pool}:${id}`
}
