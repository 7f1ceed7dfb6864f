// One imported pool: the index in memory over the files that hold the truth.

import type { z } from 'zod'
import type { Container } from '../container/container.js'
import type { Group } from '../group/group.js'
import type { HostContext } from '../host/context.js'
import { StateError } from '../host/errors.js'
import type { Locks } from '../host/locks.js'
import type { IdRange, IdRangeHome } from '../id-range/id-range.js'
import { Reservations } from '../id-range/reservations.js'
import type { ImageCache } from '../image/types.js'
import type { FileLock } from '../ns/file-lock.js'
import type { CloneMode, poolFile } from '../schema/pool.js'
import type { StorageDriver } from '../storage/driver.js'
import type { User } from '../user/user.js'
import type { PoolLayout } from './layout.js'
import type { Marker } from './marker.js'

/** What `pool show` shows. */
export interface PoolSnapshot {
  readonly name: string
  readonly path: string
  readonly driver: 'dir'
  readonly state: PoolState
  readonly cloneMode: CloneMode
  readonly users: number
  readonly groups: number
  readonly containers: number
  /** The LXC path of its containers, for `lxc-ls -P`. */
  readonly lxcPath: string
  /** Files that could not be used, with the reason. */
  readonly broken: readonly { readonly path: string; readonly reason: string }[]
}

export type PoolState = 'importing' | 'active' | 'exported'

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
  /** @internal */ readonly containers = new Map<string, Container>()
  /** @internal */ readonly broken: { path: string; reason: string }[] = []
  /** @internal */ config: z.output<typeof poolFile> = { parallel_start: 2, parallel_stop: 4 }
  /** @internal */ state: PoolState = 'importing'
  #images: ImageCache | null = null

  /** @internal */
  constructor({ name, host, layout, marker, driver, lock }: PoolParts) {
    this.name = name
    this.host = host
    this.layout = layout
    this.marker = marker
    this.driver = driver
    this.lock = lock
    this.reservations = new Reservations(
      { path: layout.root, marker: layout.markerFile(), uuid: marker.uuid },
      host.idsDirectory,
    )
  }

  /** The cache that containers are made from. */
  get images(): ImageCache {
    if (this.#images === null)
      throw new StateError(`pool ${this.name}`, this.state, 'no images yet')
    return this.#images
  }

  /** @internal */
  setImages(images: ImageCache): void {
    this.#images = images
  }

  /** Relative to every cgroup hierarchy. @internal */
  get cgroup(): string {
    return `${this.host.cgroupRoot}/pool.${this.name}`
  }

  /** @internal */
  get locks(): Locks {
    return this.host.locks
  }

  /** @internal */
  get idRangeHome(): IdRangeHome {
    return {
      pool: this.name,
      reservations: this.reservations,
      locks: this.locks,
      forget: (name) => this.idRanges.delete(name),
    }
  }

  /** @throws StateError when the pool is not active @internal */
  assertActive(): void {
    if (this.state !== 'active') {
      throw new StateError(`pool ${this.name}`, this.state, 'it must be imported')
    }
  }

  show(): PoolSnapshot {
    return Object.freeze({
      name: this.name,
      path: this.layout.root,
      driver: this.driver.name,
      state: this.state,
      cloneMode: this.marker.clone_mode,
      users: this.users.size,
      groups: this.groups.size,
      containers: this.containers.size,
      lxcPath: this.host.paths.lxc(this.name),
      broken: [...this.broken],
    })
  }
}
