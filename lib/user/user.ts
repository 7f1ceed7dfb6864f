// A user is an id map with a name: the ids of the host that a container's ids stand for.

import { z } from 'zod'
import type { Asset } from '../asset/asset.js'
import { assetsOfFile } from '../asset/of-pool.js'
import { Attributes, shownAttributes } from '../attribute/attributes.js'
import { InUseError } from '../host/errors.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import type { Conflict } from '../id-range/reservations.js'
import { inParallel } from '../in-parallel.js'
import type { ConfigFile, Patch } from '../pool/config-file.js'
import type { Pool } from '../pool/pool.js'
import { unknownIn } from '../pool/strangers.js'
import { parse } from '../schema/parse.js'
import type { userFile, UserFile } from '../schema/user.js'
import { formatEntry, type IdMap } from './id-map.js'
import { done } from '../step.js'

/** Of its cgroups, one in each group that it has been in, that are removed at any time. */
const CGROUPS_AT_ONCE = 8

/** What `user show` shows; maps are written `ns:host:count`. */
export interface UserSnapshot {
  readonly pool: string
  readonly name: string
  readonly uidMap: readonly string[]
  readonly gidMap: readonly string[]
  readonly standalone: boolean
  /** Their ids, sorted. */
  readonly containers: readonly string[]
  /** Why no container of this user can start: whose some of its ids are as well. The next start looks anew. */
  readonly conflict: string | null
  readonly attributes: Readonly<Record<string, string>>
}

export class User {
  readonly #pool: Pool
  readonly #file: ConfigFile<typeof userFile>
  #config: UserFile
  /** Of its ids those that others had when its pool was imported. @internal */
  readonly contested = new Set<Conflict>()

  /** @internal */
  constructor(
    readonly name: string,
    pool: Pool,
    file: ConfigFile<typeof userFile>,
    config: UserFile,
  ) {
    this.#pool = pool
    this.#file = file
    this.#config = config
  }

  get uidMap(): IdMap {
    return this.#config.uid_map
  }

  get gidMap(): IdMap {
    return this.#config.gid_map
  }

  get standalone(): boolean {
    return this.#config.standalone
  }

  /** @internal */
  get conflict(): string | null {
    const [first] = this.contested
    return first?.error.message ?? null
  }

  /** Takes those of its ids that others have no more. @throws IdOverlapError when some are theirs still @internal */
  async takeContested(op: Operation): Promise<void> {
    if (this.contested.size === 0) return
    const { reservations, users } = this.#pool
    await reservations.exclusive(op, async ({ add, commit }) => {
      // Another container of it may have been quicker.
      const contested = [...this.contested]
      for (const { span } of contested) add(span)
      await commit()
      for (const user of users.values()) for (const one of contested) user.contested.delete(one)
    })
  }

  show(): UserSnapshot {
    return this.showWith(this.#containers())
  }

  /** For who knows its containers already. @internal */
  showWith(containers: readonly string[]): UserSnapshot {
    return Object.freeze({
      pool: this.#pool.name,
      name: this.name,
      uidMap: this.uidMap.map(formatEntry),
      gidMap: this.gidMap.map(formatEntry),
      standalone: this.standalone,
      containers,
      conflict: this.conflict,
      attributes: shownAttributes(this.#config.attrs),
    })
  }

  /** What it is made of, as it is found there. @throws PoolSuspendedError */
  assets(): Promise<readonly Asset[]> {
    return assetsOfFile(this.#pool, 'user', this.name)
  }

  get attributes(): Attributes {
    return new Attributes({
      attrs: () => this.#config.attrs,
      begin: (options) => this.#begin('set', options),
      write: async (patch) => {
        await this.#change(patch)
      },
    })
  }

  /** Cannot be given up once it has begun. */
  async setStandalone(standalone: boolean, options: OperationOptions = {}): Promise<void> {
    parse(z.boolean(), standalone, 'setStandalone')
    checkOptions(options, 'setStandalone')
    using _op = await this.#begin('set', options)
    await this.#change({ standalone })
  }

  /** Cannot be given up once it has begun. @throws InUseError while a container has this user */
  async delete(options: OperationOptions = {}): Promise<void> {
    checkOptions(options, 'delete')
    using op = await this.#begin('delete', options)
    const containers = [...this.#containers(), ...unknownIn(this.#pool)]
    if (containers.length > 0) throw new InUseError('user', this.name, containers)
    await this.deleteIn(op.goOn())
  }

  /** For an operation that has its lock already. @internal */
  async deleteIn(op: Operation): Promise<void> {
    const containers = this.#containers()
    if (containers.length > 0) throw new InUseError('user', this.name, containers)
    // The file first: ids whose user is still there must not be given to another one.
    await this.#file.remove()
    done('user-delete.file')
    this.#pool.users.delete(this.name)
    const owner = `user:${this.name}`
    for (const range of this.#pool.idRanges.values()) {
      if (range.owners().has(owner)) await range.freeIfRoom(op, { owner })
    }
    if (this.#pool.reservations.holds(owner)) await this.#pool.reservations.release(op, [owner])
    done('user-delete.ids')
    const { groups, host } = this.#pool
    await inParallel(groups.values(), CGROUPS_AT_ONCE, (group) => {
      const cgroup = host.cgroups.dir(group.userCgroup(this.name))
      // What still runs in one is no container's, and the audit says so.
      return cgroup.remove().catch(() => undefined)
    })
    done('user-delete.cgroups')
  }

  // Maps stay as they are: what somebody has written into the file meanwhile is looked at by the next import.
  async #change(patch: Patch): Promise<void> {
    const { uid_map, gid_map } = this.#config
    this.#config = { ...(await this.#file.update(patch)), uid_map, gid_map }
  }

  #containers(): string[] {
    const own: string[] = []
    for (const { id, user } of this.#pool.containers.values()) if (user === this) own.push(id)
    return own.sort()
  }

  #begin(name: string, options: OperationOptions): Promise<Operation> {
    const { users } = this.#pool
    const subject = this.#pool.claim('user', this.name)
    return this.#pool.beginOn(name, subject, options, () => users.get(this.name) === this)
  }
}
