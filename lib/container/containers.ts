// The containers of all pools of a host.

import { z } from 'zod'
import { abandon } from '../abandon.js'
import type { CgroupStats } from '../cgroup/cgroups.js'
import type { StatsFigure, StatsOptions } from '../cgroup/figures.js'
import type { HostContext } from '../host/context.js'
import { InvalidArgumentError, NotFoundError } from '../host/errors.js'
import { inOrder } from '../host/list-order.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { ownTurn } from '../host/own-turn.js'
import { brokenOf, choosePool, findByReference, listOf } from '../host/reference.js'
import { createOptions, type CreateOptions } from '../schema/container.js'
import { parse } from '../schema/parse.js'
import { snapshotTogether } from '../dataset/snapshots.js'
import type { Container } from './container.js'
import { copyContainer, type CopyOptions } from './copy.js'
import { createContainer } from './create.js'
import { deadline } from '../host/deadline.js'
import {
  fieldsOf,
  SNAPSHOT_FIELDS,
  snapshotOf,
  type ContainerSnapshot,
  type SnapshotField,
} from './snapshot.js'
import { CONTAINER_STATES } from './state.js'

type OneOf<Value> = Value | readonly Value[]

/** What is not given matches anything; of several values, one has to match. */
export interface ContainerFilter {
  readonly pool?: OneOf<string> | undefined
  readonly user?: OneOf<string> | undefined
  /** Its path: `/default`. */
  readonly group?: OneOf<string> | undefined
  readonly state?: OneOf<ContainerSnapshot['state']> | undefined
  readonly distribution?: OneOf<string> | undefined
  readonly version?: OneOf<string> | undefined
  readonly ephemeral?: boolean | undefined
}

/** One value is a list of one: what is wrong with it is said of it. */
function oneOf<Value extends z.ZodType>(value: Value) {
  return z.union([z.array(value), value]).optional()
}

export const containerFilter = z.strictObject({
  pool: oneOf(z.string()),
  user: oneOf(z.string()),
  group: oneOf(z.string()),
  state: oneOf(z.enum(CONTAINER_STATES)),
  distribution: oneOf(z.string()),
  version: oneOf(z.string()),
  ephemeral: z.boolean().optional(),
})

function assertFields(fields: readonly SnapshotField[]): void {
  for (const name of listOf(fields, 'list.fields')) {
    if (!SNAPSHOT_FIELDS.includes(name))
      throw new InvalidArgumentError('list.fields', `'${String(name)}' is none`)
  }
}

export class Containers {
  readonly #host: HostContext

  /** @internal */
  constructor(host: HostContext) {
    this.#host = host
  }

  /**
   * Makes a container from an image in its pool's cache.
   *
   * @param more given up, nothing of it is left; until its file is whole
   * @throws InvalidArgumentError, ExistsError, NotFoundError before anything is changed
   * @throws PoolFullError, PoolReadOnlyError; whatever was made until then is undone
   */
  async create(options: CreateOptions, more: OperationOptions = {}): Promise<Container> {
    await ownTurn()
    checkOptions(more, 'create')
    const wanted = parse(createOptions, options, 'create')
    const pool = choosePool(this.#host.pools, wanted.pool)
    using limit = deadline('create', Infinity, more.signal, this.#host.closed)
    return await createContainer(pool, wanted, { ...more, signal: limit.signal })
  }

  /**
   * Makes a container that is as another one, with an id map of its own. What is in it is copied, with its
   * datasets and without its snapshots; of the image it shares what the other one does, in the same pool.
   *
   * ```ts
   * await host.containers.copy('web1', 'web2')
   * ```
   *
   * @throws InvalidArgumentError, ExistsError, NotFoundError before anything is changed
   * @throws PoolFullError, UnsupportedError; whatever was made until then is undone
   */
  async copy(reference: string, id: string, options: CopyOptions = {}): Promise<Container> {
    return await copyContainer(this.get(reference).record, id, options)
  }

  /** @param reference `[POOL:]ID` */
  find(reference: string): Container | null {
    return findByReference(this.#host.pools.values(), reference, (pool) => pool.containers)
  }

  /** @throws NotFoundError */
  get(reference: string): Container {
    const found = this.find(reference)
    if (found !== null) return found
    const { pools, importing } = this.#host
    const [coming] = importing
    const hint = coming === undefined ? undefined : `pool '${coming}' is being imported`
    throw new NotFoundError('container', reference, brokenOf(pools.values(), reference) ?? hint)
  }

  /** @throws NotFoundError */
  show(reference: string): ContainerSnapshot {
    return this.get(reference).show()
  }

  /**
   * All that match, from memory: touches neither storage nor cgroups nor /proc.
   *
   * ```ts
   * host.containers.list({ state: 'running' }, ['id', 'initPid'])
   * ```
   *
   * @param fields what is wanted of each; default: all
   * @throws InvalidArgumentError for a field or a state that there is not
   */
  list(filter?: ContainerFilter): readonly ContainerSnapshot[]
  list<Name extends SnapshotField>(
    filter: ContainerFilter,
    fields: readonly Name[],
  ): readonly Pick<ContainerSnapshot, Name>[]
  list(
    filter: ContainerFilter = {},
    fields?: readonly SnapshotField[],
  ): readonly Partial<ContainerSnapshot>[] {
    if (fields !== undefined) assertFields(fields)
    const wanted = Object.entries(parse(containerFilter, filter, 'list'))
      .filter(([, values]) => values !== undefined)
      .map(([field, values]) => [field as keyof ContainerFilter, [values].flat()] as const)
    const tested = wanted.map(([field]) => field)
    const matches = ({ record }: Container) => {
      const shown = fieldsOf(record, tested)
      return wanted.every(([field, values]) => values.includes(shown[field]))
    }
    const all = [...this.#host.pools.values()].flatMap((pool) => [...pool.containers.values()])
    const matching = wanted.length === 0 ? all : all.filter(matches)
    const sorted = inOrder(matching, ({ id }) => id)
    if (fields === undefined) return sorted.map(({ record }) => snapshotOf(record))
    return sorted.map(({ record }) => fieldsOf(record, fields))
  }

  /**
   * Snapshots of several containers, all of the same moment, and all or none. They may run: what each of
   * them has written so far is in its snapshot.
   *
   * @param references of one pool of ZFS
   * @throws ExistsError when one of them has a snapshot of that name
   * @throws UnsupportedError for a pool in a directory
   */
  async snapshot(
    references: readonly string[],
    name: string,
    options: OperationOptions = {},
  ): Promise<void> {
    await snapshotTogether(
      listOf(references, 'snapshot.references').map((reference) => this.get(reference).record),
      name,
      options,
    )
  }

  /**
   * What containers use, in one call for all of them. All figures of one that does not run are null.
   *
   * Of 32 and more, the files stay open for the next call, as to read one is then a quarter of the work: at most
   * 4,096, and a quarter of the descriptors that this process may have.
   *
   * ```ts
   * const used = await host.containers.stats(undefined, { figures: ['memory', 'pids'] })
   * ```
   *
   * @param references all containers when not given
   * @param options `figures`: those alone; each that is left out is a file less to read, of each container
   */
  async stats<Figure extends StatsFigure = StatsFigure>(
    references?: readonly string[],
    options: StatsOptions<Figure> = {},
  ): Promise<ReadonlyMap<string, Pick<CgroupStats, Figure>>> {
    checkOptions(options, 'stats', ['figures'])
    const containers =
      references === undefined
        ? [...this.#host.pools.values()].flatMap((pool) => [...pool.containers.values()])
        : listOf(references, 'stats.references').map((reference) => this.get(reference))
    const paths = containers.map((container) => container.record.cgroup)
    const stats = await abandon(this.#host.cgroups.stats(paths, options.figures), options.signal)
    const byReference = new Map<string, Pick<CgroupStats, Figure>>()
    for (const [index, container] of containers.entries()) {
      const one = stats[index]
      const { id, pool } = container
      // Two pools may have containers of the same id; the first is what a bare id means.
      const key = references?.[index] ?? (byReference.has(id) ? `${pool}:${id}` : id)
      if (one !== undefined) byReference.set(key, one)
    }
    return byReference
  }
}
