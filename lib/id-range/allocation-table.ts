// Which blocks of an id-range are taken and by whom. Pure: no files, no locks.

/** A run of blocks that somebody has. */
export interface Allocation {
  readonly blockIndex: number
  readonly blockCount: number
  readonly owner: string | null
}

/** A run of blocks, taken or free. */
export type Run = Allocation & { readonly type: 'allocated' | 'free' }

export class AllocationTable {
  // Sorted by index, never overlapping: the constructor and take() see to that.
  #taken: Allocation[] = []

  constructor(
    readonly blockCount: number,
    taken: readonly Allocation[] = [],
  ) {
    for (const allocation of taken) {
      if (!this.take(allocation)) {
        throw new RangeError(`block ${allocation.blockIndex} is allocated twice or out of range`)
      }
    }
  }

  get allocations(): readonly Allocation[] {
    return this.#taken
  }

  get allocated(): number {
    return this.#taken.reduce((sum, { blockCount }) => sum + blockCount, 0)
  }

  /** The first index at which `blockCount` blocks are free and `accept` agrees, or null. */
  firstFit(blockCount: number, accept: (index: number) => boolean = () => true): number | null {
    for (const run of this.runs()) {
      if (run.type !== 'free') continue
      const last = run.blockIndex + run.blockCount - blockCount
      for (let index = run.blockIndex; index <= last; index++) if (accept(index)) return index
    }
    return null
  }

  /** The allocation that overlaps the given blocks, if there is one. */
  overlapping(blockIndex: number, blockCount: number): Allocation | null {
    const next = this.#after(blockIndex + blockCount)
    const before = this.#taken[next - 1]
    if (before === undefined || before.blockIndex + before.blockCount <= blockIndex) return null
    return before
  }

  /** False, and nothing happens, when a block is taken or does not exist. */
  take(allocation: Allocation): boolean {
    const { blockIndex, blockCount } = allocation
    const inside = blockIndex >= 0 && blockCount > 0 && blockIndex + blockCount <= this.blockCount
    if (!inside || this.overlapping(blockIndex, blockCount) !== null) return false
    this.#taken.splice(this.#after(blockIndex), 0, allocation)
    return true
  }

  /** Gives back what matches; returns what was given back. */
  free(which: { blockIndex: number } | { owner: string }): Allocation[] {
    const matches = (allocation: Allocation) =>
      'owner' in which
        ? allocation.owner === which.owner
        : allocation.blockIndex === which.blockIndex
    const freed = this.#taken.filter(matches)
    this.#taken = this.#taken.filter((allocation) => !matches(allocation))
    return freed
  }

  /** The whole range in order, free runs included. */
  *runs(): Generator<Run> {
    let next = 0
    for (const allocation of this.#taken) {
      if (allocation.blockIndex > next) yield free(next, allocation.blockIndex)
      yield { type: 'allocated', ...allocation }
      next = allocation.blockIndex + allocation.blockCount
    }
    if (next < this.blockCount) yield free(next, this.blockCount)
  }

  // Position of the first allocation that begins at `index` or after it.
  #after(index: number): number {
    let low = 0
    let high = this.#taken.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#taken[middle]?.blockIndex ?? Infinity) < index) low = middle + 1
      else high = middle
    }
    return low
  }
}

function free(from: number, to: number): Run {
  return { type: 'free', blockIndex: from, blockCount: to - from, owner: null }
}
