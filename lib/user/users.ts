// The users of all pools of a host.

import { InvalidArgumentError, NotFoundError } from '../host/errors.js'
import { inOrder } from '../host/list-order.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import { choosePool, findByReference, getByReference } from '../host/reference.js'
import { ConfigFile } from '../pool/config-file.js'
import type { Pool } from '../pool/pool.js'
import { parse } from '../schema/parse.js'
import { createUserOptions, userFile, type CreateUserOptions } from '../schema/user.js'
import { Undo } from '../undo.js'
import { checkIdMap, formatEntry, spansOf, type IdMap, type IdSpan } from './id-map.js'
import { User, type UserSnapshot } from './user.js'
import { done } from '../step.js'

export class Users {
  readonly #host: { readonly pools: ReadonlyMap<string, Pool> }

  /** @internal */
  constructor(host: { readonly pools: ReadonlyMap<string, Pool> }) {
    this.#host = host
  }

  /**
   * Makes an id map. Without maps it is one block of an id-range; with maps and a block the maps
   * must lie within the block; with maps alone they are taken as they are.
   *
   * @param more it can be given up until its file is written
   * @throws InvalidArgumentError for maps without id 0, or that overlap within themselves
   * @throws IdOverlapError when another user, pool or host of this machine has some of the ids
   */
  async create(options: CreateUserOptions, more: OperationOptions = {}): Promise<User> {
    const { pool: poolName, ...checked } = parse(createUserOptions, options, 'create')
    checkOptions(more, 'create')
    const pool = choosePool(this.#host.pools, poolName)
    using op = await pool.begin('create', pool.claim('user', checked.name), more)
    return await createUser(op, pool, checked)
  }

  /** @param reference `[POOL:]NAME` */
  find(reference: string): User | null {
    return findByReference(this.#host.pools.values(), reference, (pool) => pool.users)
  }

  /** @throws NotFoundError */
  get(reference: string): User {
    return getByReference(this.#host.pools.values(), 'user', reference, (pool) => pool.users)
  }

  /** By pool, and in it by name. */
  list(): readonly UserSnapshot[] {
    const all = [...this.#host.pools.values()].flatMap((pool) => {
      const containers = pool.containersBy(({ user }) => user)
      return [...pool.users.values()].map((user) => user.showWith(containers.get(user) ?? []))
    })
    return inOrder(all, ({ name }) => name)
  }
}

interface Wanted {
  name: string
  idRange: string
  blockIndex?: number | undefined
  uidMap?: IdMap | undefined
  gidMap?: IdMap | undefined
  standalone: boolean
}

/** For who has its lock already. @internal */
export async function createUser(op: Operation, pool: Pool, wanted: Wanted): Promise<User> {
  const { name, standalone } = wanted
  const path = pool.newFile('user', name)
  await using undo = new Undo()
  // Until it is there, its ids look like nobody's.
  pool.comingUsers.add(name)
  using _coming = { [Symbol.dispose]: () => pool.comingUsers.delete(name) }
  const { uidMap, gidMap } = await takeIds(op, pool, wanted, undo)
  done('user.ids', op.signal)
  const file = new ConfigFile(path, userFile)
  const config = await file.create({
    uid_map: uidMap.map(formatEntry),
    gid_map: gidMap.map(formatEntry),
    standalone,
  })
  undo.add(() => file.remove())
  done('user.file', op.signal)
  undo.commit()
  const user = new User(name, pool, file, config)
  pool.users.set(name, user)
  return user
}

async function takeIds(
  op: Operation,
  pool: Pool,
  wanted: Wanted,
  undo: Undo,
): Promise<{ uidMap: IdMap; gidMap: IdMap }> {
  const owner = `user:${wanted.name}`
  const uidMap = wanted.uidMap ?? wanted.gidMap
  const gidMap = wanted.gidMap ?? wanted.uidMap
  if (uidMap !== undefined && gidMap !== undefined) {
    checkIdMap(uidMap, 'create.uidMap')
    checkIdMap(gidMap, 'create.gidMap')
    if (wanted.blockIndex === undefined) {
      const spans = spansOf(uidMap, gidMap)
      await pool.reservations.reserve(op, spans, owner)
      undo.add(() => pool.reservations.release(op.goOn(), [owner]))
    } else {
      const block = await takeBlock(op, pool, wanted, owner, undo)
      refuseOutside(uidMap, block, 'create.uidMap')
      refuseOutside(gidMap, block, 'create.gidMap')
    }
    return { uidMap, gidMap }
  }
  const { start, count } = await takeBlock(op, pool, wanted, owner, undo)
  const map = [{ nsId: 0, hostId: start, count }]
  return { uidMap: map, gidMap: map }
}

async function takeBlock(
  op: Operation,
  pool: Pool,
  { idRange, blockIndex }: Wanted,
  owner: string,
  undo: Undo,
): Promise<IdSpan> {
  // Until it is over, so that the range is there for what is undone.
  await op.lock([pool.claim('id-range', idRange, 'shared')])
  const range = pool.idRanges.get(idRange)
  if (range === undefined) throw new NotFoundError('id-range', `${pool.name}:${idRange}`)
  const ours = blockIndex === undefined ? null : await range.ownBlock(op, blockIndex, owner)
  if (ours !== null) return ours
  const allocation = await range.allocateIn(op, { blockIndex, owner })
  const { blockIndex: index } = allocation
  undo.add(() => range.freeIfRoom(op.goOn(), { blockIndex: index }))
  return range.span(allocation)
}

function refuseOutside(map: IdMap, block: IdSpan, what: string): void {
  for (const entry of map) {
    const end = entry.hostId + entry.count
    if (entry.hostId < block.start || end > block.start + block.count) {
      throw new InvalidArgumentError(what, `${formatEntry(entry)} is not within the block`)
    }
  }
}
