// Id maps of user namespaces. Pure: what makes one valid, and whether two share ids of the host.

import { InvalidArgumentError } from '../host/errors.js'

/** Ids `nsId`… of the container are ids `hostId`… of the host, `count` of them. */
export interface IdMapEntry {
  readonly nsId: number
  readonly hostId: number
  readonly count: number
}

export type IdMap = readonly IdMapEntry[]

/** A run of host ids. */
export interface IdSpan {
  readonly start: number
  readonly count: number
}

export function formatEntry({ nsId, hostId, count }: IdMapEntry): string {
  return `${nsId}:${hostId}:${count}`
}

export function formatSpan({ start, count }: IdSpan): string {
  return `${start}-${start + count - 1}`
}

/**
 * Refuses maps that the kernel would refuse, or under which a container has no root.
 *
 * @param what names the map in messages: `user.uidMap`
 * @throws InvalidArgumentError
 */
export function checkIdMap(map: IdMap, what: string): void {
  if (hostIdOf(map, 0) === null) throw new InvalidArgumentError(what, 'must map id 0')
  for (const side of ['nsId', 'hostId'] as const) {
    const sorted = [...map].sort((a, b) => a[side] - b[side])
    for (const [index, entry] of sorted.entries()) {
      const next = sorted[index + 1]
      if (next !== undefined && entry[side] + entry.count > next[side]) {
        const reason = `${formatEntry(entry)} and ${formatEntry(next)} overlap`
        throw new InvalidArgumentError(what, reason)
      }
    }
  }
}

/** The host's id behind the container's, or null when it is not mapped. */
export function hostIdOf(map: IdMap, id: number): number | null {
  const entry = map.find(({ nsId, count }) => id >= nsId && id < nsId + count)
  return entry === undefined ? null : entry.hostId + (id - entry.nsId)
}

/** The container's id that the host's stands for, or null when it has none. */
export function nsIdOf(map: IdMap, id: number): number | null {
  const entry = map.find(({ hostId, count }) => id >= hostId && id < hostId + count)
  return entry === undefined ? null : entry.nsId + (id - entry.hostId)
}

/** The host ids of some maps, touching and overlapping runs joined. */
export function spansOf(...maps: IdMap[]): IdSpan[] {
  const sorted = maps
    .flat()
    .map(({ hostId, count }) => ({ start: hostId, count }))
    .sort((a, b) => a.start - b.start)
  const joined: IdSpan[] = []
  for (const span of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && span.start <= last.start + last.count) {
      const end = Math.max(last.start + last.count, span.start + span.count)
      joined[joined.length - 1] = { start: last.start, count: end - last.start }
    } else {
      joined.push(span)
    }
  }
  return joined
}

export function spansOverlap(a: IdSpan, b: IdSpan): boolean {
  return a.start < b.start + b.count && b.start < a.start + a.count
}
