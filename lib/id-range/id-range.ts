// One id-range of a pool: the allocation table with its file behind it.

import type { Asset } from '../asset/asset.js'
import { Attributes, shownAttributes } from '../attribute/attributes.js'
import {
  ExistsError,
  IdRangeExhaustedError,
  InvalidArgumentError,
  InUseError,
  PoolFullError,
} from '../host/errors.js'
import { claim, type Claim, type LockMode } from '../host/locks.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import type { AttrsFile } from '../schema/attributes.js'
import {
  allocateOptions,
  freed,
  type AllocateOptions,
  type IdRangeFile,
} from '../schema/id-range.js'
import { objectOf, parse } from '../schema/parse.js'
import { spansOverlap, type IdSpan } from '../user/id-map.js'
import { AllocationTable, type Allocation, type Run } from './allocation-table.js'
import { Changes, type Write } from './changes.js'
import type { Reservations, Turn } from './reservations.js'
import type { TableFile } from './table-file.js'
import { done } from '../step.js'
import { Undo } from '../undo.js'

/** What `id-range ls` shows. */
export interface IdRangeSnapshot {
  readonly pool: string
  readonly name: string
  readonly startId: number
  readonly lastId: number
  readonly blockSize: number
  readonly blockCount: number
  readonly allocated: number
  readonly free: number
  readonly attributes: Readonly<Record<string, string>>
}

/** A run of blocks with the ids that it stands for. */
export type IdRun = Run & { readonly firstId: number; readonly lastId: number }

/** The pool's side of an id-range. */
export interface IdRangeHome {
  readonly pool: string
  readonly reservations: Reservations
  /** @throws NotFoundError when it was deleted */
  begin(name: string, range: IdRange, mode: LockMode, options: OperationOptions): Promise<Operation>
  assets(name: string): Promise<readonly Asset[]>
  /** Those whose maps have some of the ids, or may have: of one whose file is broken only its name is known. */
  users(ids: IdSpan, owner: string | null): readonly string[]
  /** Takes the range out of the pool's index. */
  forget(name: string): void
}

export class IdRange {
  readonly #file: TableFile
  readonly #home: IdRangeHome
  // Two kinds, as the machine's list is written before the file for one, and after it for the other.
  readonly #allocations: Changes<[AllocationTable, Turn], Allocation>
  readonly #frees: Changes<[AllocationTable], readonly Allocation[]>
  /** First blocks of those whose owners are gone, which the file does not say yet. */
  readonly #owed = new Set<number>()
  #table: AllocationTable
  #attrs: AttrsFile
  readonly #turn: Claim

  /** @internal */
  constructor(
    readonly name: string,
    file: TableFile,
    home: IdRangeHome,
    readonly config: IdRangeFile,
  ) {
    this.#file = file
    this.#home = home
    this.#table = new AllocationTable(config.block_count, config.allocations.map(fromFile))
    this.#attrs = config.attrs
    this.#turn = claim('table', `${home.pool}:${name}`)
    this.#allocations = new Changes(this.#turn, (op, apply) => this.#writeAllocations(op, apply))
    this.#frees = new Changes(this.#turn, (op, apply) => this.#writeFrees(op, apply))
  }

  show(): IdRangeSnapshot {
    const { start_id: startId, block_size: blockSize, block_count: blockCount } = this.config
    const allocated = this.#table.allocated
    return Object.freeze({
      pool: this.#home.pool,
      name: this.name,
      startId,
      lastId: startId + blockSize * blockCount - 1,
      blockSize,
      blockCount,
      allocated,
      free: blockCount - allocated,
      attributes: shownAttributes(this.#attrs),
    })
  }

  /** What it is made of, as it is found there. @throws PoolSuspendedError */
  assets(): Promise<readonly Asset[]> {
    return this.#home.assets(this.name)
  }

  get attributes(): Attributes {
    return new Attributes({
      attrs: () => this.#attrs,
      begin: (options) => this.#home.begin('set', this, 'shared', options),
      lock: (op) => op.lock([this.#turn]),
      write: async (patch) => {
        this.#attrs = (await this.#file.update(patch, this.#table.allocations)).attrs
      },
    })
  }

  /** All blocks in order, free runs included. */
  table(type: 'all' | 'allocated' | 'free' = 'all'): readonly IdRun[] {
    return [...this.#table.runs()]
      .filter((run) => type === 'all' || run.type === type)
      .map((run) => {
        const { start, count } = this.span(run)
        return Object.freeze({ ...run, firstId: start, lastId: start + count - 1 })
      })
  }

  /** The host ids of some blocks. */
  span(blocks: { readonly blockIndex: number; readonly blockCount: number }): IdSpan {
    const { blockIndex, blockCount } = objectOf(blocks, 'span')
    const { start_id, block_size } = this.config
    return { start: start_id + blockIndex * block_size, count: blockCount * block_size }
  }

  /**
   * Takes blocks: the first that are free in this range and nowhere else on the machine, or the
   * given ones.
   *
   * @throws ExistsError when a given block is taken in this range
   * @throws IdOverlapError when a given block is taken by another pool of this machine
   * @param more it can be given up until its turn to write comes
   * @throws IdRangeExhaustedError when none is free
   */
  async allocate(options: AllocateOptions = {}, more: OperationOptions = {}): Promise<Allocation> {
    const checked = parse(allocateOptions, options, 'allocate')
    checkOptions(more, 'allocate')
    using op = await this.#home.begin('allocate', this, 'shared', more)
    return await this.allocateIn(op, checked)
  }

  /** For an operation that has the range already. @internal */
  async allocateIn(op: Operation, options: AllocateOptions): Promise<Allocation> {
    const { blockCount = 1, blockIndex, owner = null } = options
    if (blockIndex !== undefined && blockIndex + blockCount > this.config.block_count) {
      throw new InvalidArgumentError(
        'allocate.blockIndex',
        `range has ${this.config.block_count} blocks`,
      )
    }
    await this.#freeOwed(op)
    return await this.#allocations.add(op, (table, turn) => {
      const index = this.#choose(table, blockCount, blockIndex, turn.taken())
      const allocation = Object.freeze({ blockIndex: index, blockCount, owner })
      turn.add({ ...this.span(allocation), owner: this.#reservation(allocation) })
      table.take(allocation)
      return allocation
    })
  }

  /**
   * Gives blocks back, by the index of the first or by their owner.
   *
   * @param more it can be given up until its turn to write comes
   * @throws InUseError while users have ids of them
   */
  async free(which: Freed, more: OperationOptions = {}): Promise<readonly Allocation[]> {
    const wanted = parse(freed, which, 'free')
    checkOptions(more, 'free')
    using op = await this.#home.begin('free', this, 'shared', more)
    return await this.#frees.add(op, (table) => {
      const users = this.#copy(table)
        .free(wanted)
        .flatMap((one) => this.#home.users(this.span(one), one.owner))
      if (users.length > 0) throw new InUseError('id-range', this.name, users)
      return table.free(wanted)
    })
  }

  /**
   * Blocks that nobody has any more. A full pool cannot note it: they go with the next change that it has room for.
   *
   * @internal
   */
  async freeIfRoom(op: Operation, which: Freed): Promise<void> {
    for (const { blockIndex } of this.#copy().free(which)) this.#owed.add(blockIndex)
    await this.#freeOwed(op)
  }

  /** A block that was allocated for an owner beforehand; null where there is none. @internal */
  async ownBlock(op: Operation, index: number, owner: string): Promise<IdSpan | null> {
    // What one of that name has left is to be given back, and would be with the next change.
    await this.#freeOwed(op)
    const own = this.#table.allocations.find(
      (one) => one.blockIndex === index && one.owner === owner && !this.#owed.has(index),
    )
    return own === undefined ? null : this.span(own)
  }

  async #freeOwed(op: Operation): Promise<void> {
    if (this.#owed.size === 0) return
    try {
      await this.#frees.add(op, () => [])
    } catch (error) {
      if (!(error instanceof PoolFullError)) throw error
    }
  }

  /** Cannot be given up once it has begun. @throws InUseError while blocks are allocated */
  async delete(options: OperationOptions = {}): Promise<void> {
    checkOptions(options, 'delete')
    using op = await this.#home.begin('delete', this, 'exclusive', options)
    await this.#freeOwed(op)
    const owners = this.#table.allocations.map(
      ({ owner, blockIndex }) => owner ?? `block ${blockIndex}`,
    )
    if (owners.length > 0) throw new InUseError('id-range', this.name, owners)
    await this.#file.remove()
    done('id-range-delete.file')
    this.#home.forget(this.name)
  }

  /** Everybody who has a block. @internal */
  owners(): ReadonlySet<string | null> {
    return new Set(this.#table.allocations.map(({ owner }) => owner))
  }

  /** What the range has taken, for the machine's list at import. @internal */
  reservations(): { owner: string; start: number; count: number }[] {
    return this.#table.allocations.map((allocation) => ({
      owner: this.#reservation(allocation),
      ...this.span(allocation),
    }))
  }

  #reservation({ blockIndex }: { blockIndex: number }): string {
    return `block ${blockIndex} of id-range ${this.name}`
  }

  #choose(
    table: AllocationTable,
    count: number,
    fixed: number | undefined,
    taken: readonly IdSpan[],
  ): number {
    if (fixed !== undefined) {
      const other = table.overlapping(fixed, count)
      if (other !== null)
        throw new ExistsError('id-range', `${this.name} block ${other.blockIndex}`)
      return fixed
    }
    const { start, count: ids } = this.span({ blockIndex: 0, blockCount: this.config.block_count })
    const near = taken.filter((span) => spansOverlap(span, { start, count: ids }))
    const blocks = this.#blocksOf(near)
    const index = table.firstFit(count, (first) => {
      for (let block = first; block < first + count; block++) if (blocks.has(block)) return false
      return true
    })
    if (index === null) throw new IdRangeExhaustedError(this.name, count)
    return index
  }

  /** All blocks that have some of the ids, looked up once: another pool may have thousands. */
  #blocksOf(spans: readonly IdSpan[]): ReadonlySet<number> {
    const { start_id: from, block_size: size, block_count: end } = this.config
    const blocks = new Set<number>()
    for (const { start, count } of spans) {
      const last = Math.min(Math.floor((start + count - 1 - from) / size), end - 1)
      for (let block = Math.max(Math.floor((start - from) / size), 0); block <= last; block++) {
        blocks.add(block)
      }
    }
    return blocks
  }

  // The machine's list first: cut off in between, ids are reserved that nobody has, until the pool is imported
  // the next time. The file after the turn at the machine's list, in which nobody may wait for a disk.
  async #writeAllocations(op: Operation, apply: Parameters<WriteAllocations>[1]): Promise<void> {
    await using undo = new Undo()
    const table = this.#copy()
    const taken = await this.#home.reservations.exclusive(op, async (turn) => {
      const allocations = apply(table, turn)
      await turn.commit()
      return allocations
    })
    undo.add(() => this.#release(op, taken))
    done('id-range.reserved')
    await this.#file.save(table.allocations)
    done('id-range.allocated')
    undo.commit()
    this.#table = table
  }

  // The file first: as long as that says whose they are, nobody else may get them.
  async #writeFrees(op: Operation, apply: Parameters<WriteFrees>[1]): Promise<void> {
    const table = this.#copy()
    const owed = [...this.#owed].flatMap((blockIndex) => table.free({ blockIndex }))
    const freed = [...owed, ...apply(table).flat()]
    await this.#file.save(table.allocations)
    this.#table = table
    for (const { blockIndex } of freed) this.#owed.delete(blockIndex)
    done('id-range.freed')
    await this.#release(op, freed)
  }

  #copy({ allocations } = this.#table): AllocationTable {
    return new AllocationTable(this.config.block_count, allocations)
  }

  // Whatever the signal of the one who happens to write says: others' blocks are among them.
  async #release(op: Operation, allocations: readonly Allocation[]): Promise<void> {
    const owners = allocations.map((allocation) => this.#reservation(allocation))
    await this.#home.reservations.release(op.withoutSignal(), owners)
  }
}

type WriteAllocations = Write<[AllocationTable, Turn], Allocation>
type WriteFrees = Write<[AllocationTable], readonly Allocation[]>

/** Which blocks are given back. */
type Freed = { blockIndex: number } | { owner: string }

function fromFile(entry: IdRangeFile['allocations'][number]): Allocation {
  return {
    blockIndex: entry.index,
    blockCount: entry.count,
    owner: entry.owner ?? null,
  }
}
