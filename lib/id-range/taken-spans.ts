// Spans in the order of their first ids, so that whether one of thousands has some of others' ids is known without a
// look at all.

import type { IdSpan } from '../user/id-map.js'

export function endOf({ start, count }: IdSpan): number {
  return start + count
}

/** How many of them, which are in that order, begin before an id. */
export function countBefore(spans: readonly IdSpan[], id: number): number {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((spans[middle]?.start ?? Infinity) < id) low = middle + 1
    else high = middle
  }
  return low
}

/** Of several owners, who may have the same ids already. */
export class TakenSpans<T extends IdSpan> {
  readonly #sorted: readonly T[]
  /** Which of those up to each reaches the furthest. */
  readonly #furthest: readonly T[]

  constructor(spans: readonly T[]) {
    this.#sorted = [...spans].sort((a, b) => a.start - b.start)
    const furthest: T[] = []
    for (const span of this.#sorted) {
      const before = furthest.at(-1)
      furthest.push(before !== undefined && endOf(before) > endOf(span) ? before : span)
    }
    this.#furthest = furthest
  }

  /** One that has some of these ids. */
  overlapping(span: IdSpan): T | undefined {
    const last = this.#furthest[countBefore(this.#sorted, endOf(span)) - 1]
    return last !== undefined && endOf(last) > span.start ? last : undefined
  }

  /** All that have some of these ids. */
  allOverlapping(span: IdSpan): T[] {
    const found: T[] = []
    for (let at = countBefore(this.#sorted, endOf(span)) - 1; at >= 0; at--) {
      const [one, furthest] = [this.#sorted[at], this.#furthest[at]]
      // Neither it nor one before it reaches as far.
      if (one === undefined || furthest === undefined || endOf(furthest) <= span.start) break
      if (endOf(one) > span.start) found.push(one)
    }
    return found
  }
}
