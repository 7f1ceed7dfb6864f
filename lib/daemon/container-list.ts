// A list of containers as it is asked for: some of them, some of what is known of them, and what they use.

import { containerFilter, type ContainerFilter } from '../container/containers.js'
import type { ContainerSnapshot } from '../container/snapshot.js'
import type { Host } from '../host/host.js'

export const FILTERS = Object.keys(containerFilter.shape) as (keyof ContainerFilter)[]

interface Asked extends Partial<Record<keyof ContainerFilter, string[] | undefined>> {
  readonly ids?: string[] | undefined
  readonly fields?: string[] | undefined
  readonly stats?: boolean | undefined
}

/** @returns snapshots, or those fields of them, and with `stats` a field of that name */
export async function listed(
  host: Host,
  { ids, fields, stats: withStats = false, ...filter }: Asked,
  signal: AbortSignal,
): Promise<readonly object[]> {
  // The engine says what is wrong with it.
  const matching = host.containers.list(filter as ContainerFilter)
  const wanted = ids === undefined ? matching : only(host, ids, matching)
  const stats = withStats
    ? await host.containers.stats(
        wanted.filter(({ initPid }) => initPid !== null).map(referenceOf),
        {
          signal,
        },
      )
    : null
  return wanted.map((shown) => ({
    ...(fields === undefined ? shown : picked(shown, fields)),
    ...(stats === null ? {} : { stats: stats.get(referenceOf(shown)) ?? null }),
  }))
}

export function referenceOf({ pool, id }: { pool: string; id: string }): string {
  return `${pool}:${id}`
}

/** @throws NotFoundError for one that there is not; one that does not match is left out */
function only(
  host: Host,
  ids: readonly string[],
  matching: readonly ContainerSnapshot[],
): readonly ContainerSnapshot[] {
  const asked = new Set(ids.map((id) => referenceOf(host.containers.get(id))))
  return matching.filter((shown) => asked.has(referenceOf(shown)))
}

function picked(shown: ContainerSnapshot, fields: readonly string[]): object {
  return Object.fromEntries(
    fields
      .filter((name) => Object.hasOwn(shown, name))
      .map((name) => [name, shown[name as keyof ContainerSnapshot]]),
  )
}
