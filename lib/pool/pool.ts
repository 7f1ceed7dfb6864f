// One imported pool: the index in memory over the files that hold the truth.

import type { z } from 'zod'
import type { Asset } from '../asset/asset.js'
import { assetsOfFile, assetsOfPool } from '../asset/of-pool.js'
import { Attributes, shownAttributes } from '../attribute/attributes.js'
import { Autostart } from '../autostart/autostart.js'
import type { Container } from '../container/container.js'
import type { Group } from '../group/group.js'
import type { HostContext } from '../host/context.js'
import { ExistsError, NotFoundError, StateError, type EntityKind } from '../host/errors.js'
import { claim, resourceOf, type Claim, type LockKind, type LockMode } from '../host/locks.js'
import { History } from '../history/history.js'
import { checkOptions, Operation, type OperationOptions } from '../host/operation.js'
import type { IdRange, IdRangeHome } from '../id-range/id-range.js'
import { Reservations, userIn } from '../id-range/reservations.js'
import type { ImageCache } from '../image/types.js'
import type { FileLock } from '../ns/file-lock.js'
import { parse } from '../schema/parse.js'
import { poolFile, poolSettings, type CloneMode, type PoolSettingsInput } from '../schema/pool.js'
import type { StorageDriver } from '../storage/driver.js'
import type { PruneOptions, PruneReport, Trash } from '../storage/zfs/trash.js'
import { pruneTrash } from './trash-bin.js'
import { spansOf, spansOverlap, type IdSpan } from '../user/id-map.js'
import type { User } from '../user/user.js'
import { zpoolOf } from '../zfs/names.js'
import { ConfigFile, type Patch } from './config-file.js'
import type { PoolLayout } from './layout.js'
import type { Marker } from './marker.js'

/** What `pool show` shows. */
export interface PoolSnapshot {
  readonly name: string
  /** The directory that its files are in. */
  readonly path: string
  /** The dataset that all of it is in; null for a pool in a directory. */
  readonly dataset: string | null
  readonly driver: 'dir' | 'zfs'
  readonly state: PoolState
  readonly cloneMode: CloneMode
  readonly users: number
  readonly groups: number
  readonly containers: number
  readonly parallelStart: number
  readonly parallelStop: number
  /** The LXC path of its containers, for `lxc-ls -P`. */
  readonly lxcPath: string
  /** Files that could not be used, with the reason. */
  readonly broken: readonly { readonly path: string; readonly reason: string }[]
  readonly attributes: Readonly<Record<string, string>>
}

/** `disabled`: the host is being shut down, and nothing is started. */
export type PoolState = 'importing' | 'active' | 'disabled' | 'exported'

/** Operations that need nothing of the disk: what runs on one that is lost can be stopped. */
const DISKLESS: ReadonlySet<string> = new Set(['stop', 'freeze', 'thaw'])

interface PoolParts {
  readonly name: string
  readonly host: HostContext
  readonly layout: PoolLayout
  readonly marker: Marker
  readonly driver: StorageDriver
  readonly lock: FileLock | null
}

export class Pool {
  readonly name: string
  /** @internal */ readonly host: HostContext
  /** @internal */ readonly layout: PoolLayout
  /** @internal */ readonly marker: Marker
  /** @internal */ readonly driver: StorageDriver
  /** @internal Keeps another host from importing the pool; null when it is read-only. */
  readonly lock: FileLock | null
  /** @internal */ readonly reservations: Reservations
  /** @internal */ readonly idRanges = new Map<string, IdRange>()
  /** @internal */ readonly users = new Map<string, User>()
  /** @internal */ readonly groups = new Map<string, Group>()
  /** Those that are being made, and may have ids. @internal */
  readonly comingUsers = new Set<string>()
  /** @internal */ readonly containers = new Map<string, Container>()
  /** Ids of what the keeper runs in it, and of which it knows nothing. @internal */
  readonly strangers = new Set<string>()
  /** @internal */ readonly broken: { path: string; reason: string }[] = []
  /** @internal */ config: z.output<typeof poolFile> = { parallel_start: 2, parallel_stop: 4 }
  /** @internal */ state: PoolState = 'importing'
  readonly #released = new AbortController()
  /** What starts by itself. */
  readonly autostart: Autostart
  /** What was done to it, as far as somebody has noted it. */
  readonly history = new History(this)
  #images: ImageCache | null = null
  #ended: (() => Error) | null = null

  /** @internal */
  constructor({ name, host, layout, marker, driver, lock }: PoolParts) {
    this.name = name
    this.host = host
    this.layout = layout
    this.marker = marker
    this.driver = driver
    this.lock = lock
    this.reservations = new Reservations(
      {
        path: layout.root,
        marker: layout.markerFile(),
        uuid: marker.uuid,
        zpool: driver.dataset === null ? null : zpoolOf(driver.dataset),
      },
      host.idsDirectory,
    )
    this.autostart = new Autostart(this)
  }

  /** The cache that containers are made from. */
  get images(): ImageCache {
    if (this.#images === null)
      throw new StateError(`pool ${this.name}`, this.state, 'no images yet')
    return this.#images
  }

  /**
   * Where datasets go that are deleted, until they are destroyed: every six hours, or when it is told to.
   * Null for a pool in a directory, where what is deleted goes at once. Its `prune()` is {@link pruneTrash}.
   */
  get trash(): Pick<Trash, 'list' | 'prune'> | null {
    const { trash } = this.driver
    if (trash === null) return null
    return { list: () => trash.list(), prune: (options) => this.pruneTrash(options) }
  }

  /**
   * Destroys what is in its trash now. In a pool in a directory, what a removal that failed has left.
   *
   * @throws StateError, PoolReadOnlyError, PoolSuspendedError
   */
  pruneTrash(options?: PruneOptions): Promise<PruneReport> {
    return pruneTrash(this, options)
  }

  /** What it is made of, as it is found there. @throws PoolSuspendedError */
  assets(): Promise<readonly Asset[]> {
    return assetsOfPool(this)
  }

  get attributes(): Attributes {
    return new Attributes({
      attrs: () => this.config.attrs,
      begin: (options) => this.begin('set', this.claim('settings', ''), options),
      write: (patch) => this.#write(patch),
    })
  }

  /** Settings of its own, for good and at once. Cannot be given up once it has begun. */
  async set(settings: PoolSettingsInput, options: OperationOptions = {}): Promise<void> {
    const { parallelStart, parallelStop } = parse(poolSettings, settings, 'set')
    checkOptions(options, 'set')
    using op = await this.begin('set', this.claim('settings', ''), options)
    op.signal?.throwIfAborted()
    const defaults = poolFile.parse({})
    await this.#write({
      ...(parallelStart === undefined
        ? {}
        : { parallel_start: parallelStart ?? defaults.parallel_start }),
      ...(parallelStop === undefined
        ? {}
        : { parallel_stop: parallelStop ?? defaults.parallel_stop }),
    })
  }

  async #write(patch: Patch): Promise<void> {
    this.config = await new ConfigFile(this.layout.poolFile(), poolFile).update(patch)
  }

  /** @internal */
  setImages(images: ImageCache): void {
    this.#images = images
  }

  /** Relative to every cgroup hierarchy. @internal */
  get cgroup(): string {
    return `${this.host.cgroupRoot}/pool.${this.name}`
  }

  /**
   * Begins an operation on something in it, which keeps the pool from being exported meanwhile.
   *
   * @param subject its lock, and the first of those that it takes
   * @throws BusyError; StateError when the pool is exported, ClosedError when its host is closed;
   *   PoolSuspendedError
   * @internal
   */
  async begin(
    name: string,
    subject: Claim,
    options: OperationOptions,
    more: readonly Claim[] = [],
  ): Promise<Operation> {
    this.assertActive()
    const op = new Operation(this.host.locks, name, resourceOf(subject), options)
    try {
      await op.lock([this.poolClaim(), subject, ...more])
      this.assertActive()
      if (!DISKLESS.has(name)) this.driver.assertWorking()
      return op
    } catch (error) {
      op[Symbol.dispose]()
      throw error
    }
  }

  /**
   * The same on something that others may delete while this waits for its lock.
   *
   * @throws NotFoundError when they have
   * @internal
   */
  async beginOn(
    name: string,
    subject: Claim<LockKind & EntityKind>,
    options: OperationOptions,
    isThere: () => boolean,
  ): Promise<Operation> {
    const op = await this.begin(name, subject, options)
    if (isThere()) return op
    op[Symbol.dispose]()
    throw new NotFoundError(subject.kind, subject.name, 'it was deleted')
  }

  /** @internal */
  claim<K extends LockKind>(kind: K, name: string, mode?: LockMode): Claim<K> {
    return claim(kind, `${this.name}:${name}`, mode)
  }

  /**
   * Where the file of a new entity goes. One whose file is broken is there all the same.
   *
   * @throws ExistsError when there is one
   * @internal
   */
  newFile(kind: 'container' | 'user' | 'group' | 'id-range', name: string): string {
    const { layout, containers, users, groups, idRanges } = this
    const known = { container: containers, user: users, group: groups, 'id-range': idRanges }[kind]
    const path =
      kind === 'group'
        ? layout.groupFile(name)
        : layout.confFile(kind === 'container' ? 'ct' : kind, name)
    if (known.has(name)) throw new ExistsError(kind, `${this.name}:${name}`)
    if (this.isBroken(path)) {
      throw new ExistsError(kind, `${this.name}:${name}`, `${path} is broken`)
    }
    return path
  }

  /** Ids of all containers, sorted, by what they have in common: in one walk. @internal */
  containersBy<K>(common: (container: Container) => K): ReadonlyMap<K, readonly string[]> {
    const by = new Map<K, string[]>()
    for (const container of this.containers.values()) {
      const key = common(container)
      const ids = by.get(key)
      if (ids === undefined) by.set(key, [container.id])
      else ids.push(container.id)
    }
    for (const ids of by.values()) ids.sort()
    return by
  }

  /** Whether a file could not be used. @internal */
  isBroken(path: string): boolean {
    return this.broken.some((file) => file.path === path)
  }

  /** What an operation that needs it holds beside another pool. @internal */
  poolClaim(): Claim<'pool'> {
    return claim('pool', this.name, 'shared')
  }

  /** @internal */
  get idRangeHome(): IdRangeHome {
    return {
      pool: this.name,
      reservations: this.reservations,
      begin: (name, range, mode, options) =>
        this.beginOn(
          name,
          this.claim('id-range', range.name, mode),
          options,
          () => this.idRanges.get(range.name) === range,
        ),
      assets: (name) => assetsOfFile(this, 'id-range', name),
      users: (ids, owner) => this.#usersOf(ids, owner),
      forget: (name) => this.idRanges.delete(name),
    }
  }

  #usersOf(ids: IdSpan, owner: string | null): readonly string[] {
    const users = [...this.users.values()]
      .filter(({ uidMap, gidMap }) => spansOf(uidMap, gidMap).some((one) => spansOverlap(one, ids)))
      .map(({ name }) => `user:${name}`)
    const named = userIn(owner)
    if (named === null) return users
    const isOne = this.comingUsers.has(named) || this.isBroken(this.layout.confFile('user', named))
    return isOne ? [...users, `user:${named}`] : users
  }

  /** Nothing more comes of it. @param why makes the error of whoever comes later @internal */
  end(why: () => Error): void {
    this.state = 'exported'
    this.#released.abort(why())
    this.#ended = why
    for (const { record } of this.containers.values()) record.end(why)
  }

  /** Aborted when it is exported or its host is closed. @internal */
  get released(): AbortSignal {
    return this.#released.signal
  }

  /** @throws StateError when the pool is not in use, ClosedError when its host was closed @internal */
  assertActive(): void {
    if (this.#ended !== null) throw this.#ended()
    if (this.state !== 'active' && this.state !== 'disabled') {
      throw new StateError(`pool ${this.name}`, this.state, 'it must be imported')
    }
  }

  /** The same for what starts something. @throws StateError also while the host is being shut down @internal */
  assertStarting(): void {
    this.assertActive()
    if (this.state !== 'disabled') return
    throw new StateError(`pool ${this.name}`, this.state, 'the host is being shut down')
  }

  /** Nothing in it is started any more. @internal */
  disable(): void {
    if (this.state === 'active') this.state = 'disabled'
  }

  /** @internal */
  enable(): void {
    if (this.state === 'disabled') this.state = 'active'
  }

  show(): PoolSnapshot {
    return Object.freeze({
      name: this.name,
      path: this.layout.root,
      dataset: this.driver.dataset,
      driver: this.driver.name,
      state: this.state,
      cloneMode: this.marker.clone_mode,
      users: this.users.size,
      groups: this.groups.size,
      containers: this.containers.size,
      parallelStart: this.config.parallel_start,
      parallelStop: this.config.parallel_stop,
      lxcPath: this.host.paths.lxc(this.name),
      broken: [...this.broken],
      attributes: shownAttributes(this.config.attrs),
    })
  }
}
