// The groups of all pools of a host.

import { mkdir, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { abandon } from '../abandon.js'
import type { CgroupStats } from '../cgroup/cgroups.js'
import type { StatsFigure, StatsOptions } from '../cgroup/figures.js'
import type { HostContext } from '../host/context.js'
import { NotFoundError } from '../host/errors.js'
import { inOrder } from '../host/list-order.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import { choosePool, findByReference, getByReference, listOf } from '../host/reference.js'
import { ConfigFile } from '../pool/config-file.js'
import type { Pool } from '../pool/pool.js'
import { poolError } from '../pool/write-file.js'
import { createGroupOptions, groupFile, type CreateGroupOptions } from '../schema/group.js'
import { checkLimits } from '../schema/limits.js'
import { parse } from '../schema/parse.js'
import { checkParams } from './cgparams.js'
import { Group, type GroupSnapshot } from './group.js'
import { withLimits } from './limit-params.js'
import { done } from '../step.js'
import { Undo } from '../undo.js'

export class Groups {
  readonly #host: Pick<HostContext, 'cgroups' | 'pools'>

  /** @internal */
  constructor(host: Pick<HostContext, 'cgroups' | 'pools'>) {
    this.#host = host
  }

  /**
   * Makes a group, with limits at once if they are given.
   *
   * @param more given up, it and what was made above it are removed again
   * @throws NotFoundError when the group above it is missing and `parents` is not set
   */
  async create(options: CreateGroupOptions, more: OperationOptions = {}): Promise<Group> {
    const {
      pool: poolName,
      path,
      parents,
      cgparams,
      ...limits
    } = parse(createGroupOptions, options, 'create')
    checkOptions(more, 'create')
    const pool = choosePool(this.#host.pools, poolName)
    checkLimits(limits, pool.host.machine, 'create')
    const params = withLimits(cgparams ?? [], limits, 'create')
    // Those above cannot go meanwhile, and those of them that are missing are made by nobody else.
    const above = ['/', ...ancestors(path)].map((one) =>
      pool.claim('group', one, parents && !pool.groups.has(one) ? 'exclusive' : 'shared'),
    )
    using op = await pool.begin(
      'create',
      pool.claim('group', path),
      more,
      path === '/' ? [] : above,
    )
    await checkParams(pool, [], cgparams ?? [], 'create.cgparams')
    await using undo = new Undo()
    const make = async (one: string, its: GroupFileParams): Promise<Group> => {
      const group = await createGroup(op, pool, one, its)
      undo.add(() => group.deleteLocked())
      return group
    }
    if (parents) {
      for (const one of ancestors(path)) if (!pool.groups.has(one)) await make(one, [])
    }
    const group = await make(path, params)
    await group.ensureCgroup()
    done('group.cgroup', op.signal)
    undo.commit()
    return group
  }

  /** @param reference `[POOL:]PATH` */
  find(reference: string): Group | null {
    return findByReference(this.#host.pools.values(), reference, (pool) => pool.groups)
  }

  /** @throws NotFoundError */
  get(reference: string): Group {
    return getByReference(this.#host.pools.values(), 'group', reference, (pool) => pool.groups)
  }

  /**
   * What all in each of these groups use together, in one call for all of them.
   *
   * @param options `figures`: those alone; each that is left out is a file less to read, of each group
   */
  async stats<Figure extends StatsFigure = StatsFigure>(
    references: readonly string[],
    options: StatsOptions<Figure> = {},
  ): Promise<ReadonlyMap<string, Pick<CgroupStats, Figure>>> {
    checkOptions(options, 'stats', ['figures'])
    const paths = listOf(references, 'stats.references').map(
      (reference) => this.get(reference).cgroup,
    )
    const stats = await abandon(this.#host.cgroups.stats(paths, options.figures), options.signal)
    return new Map(stats.map((one, index) => [references[index] as string, one]))
  }

  /** By pool, and in it by path. */
  list(): readonly GroupSnapshot[] {
    const all = [...this.#host.pools.values()].flatMap((pool) => {
      const containers = pool.containersBy(({ group }) => group)
      return [...pool.groups.values()].map((group) => group.showWith(containers.get(group) ?? []))
    })
    return inOrder(all, ({ path }) => path)
  }
}

/** Nearest to the root first, `/` and the path itself left out. */
function ancestors(path: string): string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}

/** For who has its lock already. @internal */
export async function createGroup(
  op: Operation,
  pool: Pool,
  path: string,
  cgparams: GroupFileParams,
): Promise<Group> {
  const file = new ConfigFile(pool.newFile('group', path), groupFile)
  const above = ancestors(path).at(-1) ?? '/'
  if (path !== '/' && !pool.groups.has(above)) {
    throw new NotFoundError('group', `${pool.name}:${above}`)
  }
  await using undo = new Undo()
  try {
    await mkdir(dirname(file.path), { mode: 0o500 })
    undo.add(() => rmdir(dirname(file.path)))
  } catch (error) {
    // That of `/` comes with the pool.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw poolError(error, file.path)
    }
  }
  done('group.directory', op.signal)
  const root = path === '/' ? { path } : {}
  const config = await file.create({ ...root, cgparams, devices: [] })
  undo.add(() => file.remove())
  done('group.file', op.signal)
  undo.commit()
  const group = new Group(path, pool, file, config)
  pool.groups.set(path, group)
  return group
}

type GroupFileParams = ReturnType<typeof withLimits>
