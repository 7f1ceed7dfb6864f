// One container inside the engine: its file, its place in the pool, its state. The public handle is
// container.ts; each operation has a file of its own and works on this.

import { join } from 'node:path'
import type { CgroupDir } from '../cgroup/cgroup-dir.js'
import type { Group } from '../group/group.js'
import { datasetsOf } from '../dataset/storage.js'
import type { HostContext } from '../host/context.js'
import { IdOverlapError, StateError } from '../host/errors.js'
import { claim, inOrder, type Claim } from '../host/locks.js'
import { checkOptions, Operation, type OperationOptions } from '../host/operation.js'
import type { Image } from '../image/types.js'
import type { FileTarget, KeeperEvent, RootfsPlan, SubMount } from '../keeper/types.js'
import { automaticMounts } from '../mount/dataset-mounts.js'
import { bootHome } from '../storage/boot-home.js'
import type { ConfigFile } from '../pool/config-file.js'
import type { Pool } from '../pool/pool.js'
import type { ContainerFile, containerFile } from '../schema/container.js'
import type { User } from '../user/user.js'
import { Ephemeral } from './ephemeral.js'
import { ImageRun } from './image-run.js'
import { initKindOf, type InitKind } from './init.js'
import type { DetectedInit } from './init-detect.js'
import { Pending } from './pending.js'
import { ProgramRun } from './program-run.js'
import type { Root } from './root.js'
import { RunState } from './state.js'
import { vethName } from './veth-name.js'

function endsRun(event: KeeperEvent): boolean {
  if (event.type === 'exit') return event.reason === 'reboot'
  return event.type === 'state' && event.state === 'stopped'
}

function initOr(kind: InitKind, command?: readonly string[] | null): InitKind {
  const [program] = command ?? []
  return program === undefined || program === '/sbin/init' ? kind : initKindOf(program)
}

let records = 0

export class ContainerRecord {
  /**
   * Aborted when it is deleted, its pool exported or its host closed. Whatever waits for something
   * of it rejects with that reason.
   */
  readonly gone = new AbortController()
  #gone: (() => Error) | null = null
  readonly run = new RunState(this.gone.signal)
  /** Tells its locks from those of others: it may be renamed while somebody waits. */
  readonly #key = `${++records}`
  /** Settings that wait for the next start. */
  readonly pending = new Pending()
  readonly imageRun = new ImageRun(this)
  readonly programRun = new ProgramRun(this)
  readonly ephemeral = new Ephemeral(this)

  constructor(
    readonly pool: Pool,
    public id: string,
    public file: ConfigFile<typeof containerFile>,
    public config: ContainerFile,
    public user: User,
    public group: Group,
  ) {}

  get host(): HostContext {
    return this.pool.host
  }

  get name(): string {
    return `container ${this.pool.name}:${this.id}`
  }

  /** What was found in its rootfs, where its file does not say it. */
  #detected: DetectedInit | null = null

  /** What its init is, or will be: the image's, or the program that it was told to run instead. */
  get init(): InitKind {
    if (this.programRun.present) return 'other' // ours
    const { booted } = this.config.vpsadminos
    const booting = this.imageRun.present && booted !== undefined
    const kind = booting ? booted.init : this.#ownKind()
    const runs = this.run.alive && !this.beginning
    return initOr(kind, runs ? this.pending.initCmd() : this.config.init_cmd)
  }

  #ownKind(): InitKind {
    return this.config.vpsadminos.init ?? this.#detected?.kind ?? 'other'
  }

  get ownRoot(): Root {
    const { distribution, vpsadminos } = this.config
    return {
      home: this.home,
      mode: vpsadminos.clone_mode,
      image: vpsadminos.image ?? null,
      distribution,
      init: initOr(this.#ownKind(), this.config.init_cmd),
      systemdVersion: vpsadminos.systemd_version ?? this.#detected?.systemdVersion ?? null,
      ownAt: null,
    }
  }

  /** What runs, or is being started, began with it; the own one otherwise. */
  get root(): Root {
    const { booted } = this.config.vpsadminos
    if (!this.imageRun.present || booted === undefined) return this.ownRoot
    const { clone_mode: mode, image, distribution, init, systemd_version, mount_root } = booted
    return {
      home: bootHome(this.home),
      mode,
      image,
      distribution,
      init: initOr(init, this.config.init_cmd),
      systemdVersion: systemd_version ?? null,
      ownAt: mount_root ?? null,
    }
  }

  /** @param look finds it out where it is not known */
  async knowInit(look: () => Promise<DetectedInit>): Promise<void> {
    if (this.config.vpsadminos.init === undefined) this.#detected ??= await look()
  }

  /** While it is being started: what is set then may be too late for it. */
  beginning = false

  /** Takes note of what the keeper tells. A reboot begins with the settings as they are. */
  observe(event: KeeperEvent): void {
    if (this.run.apply(event) && !this.beginning) this.pending.begin(this.config)
    // Of one that does not reboot nothing is over before all of it has gone.
    if (endsRun(event)) {
      this.imageRun.ended()
      this.programRun.ended()
    }
    this.ephemeral.observe(event)
  }

  /** Tells whoever watches. */
  changed(settings: readonly string[]): void {
    this.host.emit({ type: 'changed', pool: this.pool.name, id: this.id, settings })
  }

  /** The keeper does not have it any more. */
  lost(): void {
    this.run.lost()
    this.imageRun.ended()
    this.programRun.ended()
    this.ephemeral.ended()
  }

  /** It runs its own init, and not only a program that it was started for. */
  get up(): boolean {
    return this.run.alive && !this.programRun.present
  }

  /** Whether what is set has to be told to the kernel, too. */
  get live(): boolean {
    return this.run.alive || this.beginning
  }

  /** Where settings that wait are noted for the next process. */
  get pendingNote(): string {
    return join(this.host.paths.container(this.pool.name, this.id), 'pending')
  }

  /** Where it is noted that the kernel may have other settings than the file. */
  get unappliedNote(): string {
    return join(this.host.paths.container(this.pool.name, this.id), 'unapplied')
  }

  /** Relative to every cgroup hierarchy: the directory with the limits, owned by the host's root. */
  get cgroup(): string {
    return `${this.userCgroup}/ct.${this.id}`
  }

  /** That of all containers of its user in its group. */
  get userCgroup(): string {
    return this.group.userCgroup(this.user.name)
  }

  /** The host's end of its network interface. */
  get interfaceName(): string {
    return vethName(this.host.interfacePrefix, this.pool.name, this.id)
  }

  cgroupDir(): CgroupDir {
    return this.host.cgroups.dir(this.cgroup)
  }

  /** Nothing more comes of it. @param why makes the error of whoever waits, and comes later */
  end(why: () => Error): void {
    this.#gone ??= why
    this.gone.abort(why())
  }

  /** @throws NotFoundError when it was deleted, ClosedError when its host was closed */
  assertPresent(): void {
    if (this.#gone !== null) throw this.#gone()
  }

  /**
   * Begins an operation that nothing else may be done to it beside.
   *
   * @param more other options that it has
   * @param claims what else it needs; its own may be among them
   * @throws BusyError naming the operation that is under way
   */
  async begin(
    name: string,
    options: OperationOptions,
    more: readonly string[] = [],
    claims: readonly Claim[] = [],
  ): Promise<Operation> {
    checkOptions(options, name, more)
    for (;;) {
      this.assertPresent()
      const { id } = this
      const own = this.pool.claim('container', id)
      const others = claims.filter((other) => inOrder(own, other) !== 0)
      const op = await this.pool.begin(name, own, options, others)
      await this.imageRun.settled()
      // While it waited, it may have got another name.
      if (id === this.id && !this.gone.signal.aborted) return op
      op[Symbol.dispose]()
    }
  }

  /** An operation that others do not have to wait for. */
  beside(name: string, options: OperationOptions): Operation {
    this.assertPresent()
    return new Operation(this.host.locks, name, this.name, options)
  }

  /** The same for what needs its pool, which is not exported meanwhile. @throws BusyError while it is */
  async besideInPool(name: string, options: OperationOptions): Promise<Operation> {
    const op = this.beside(name, options)
    try {
      await op.lock([this.pool.poolClaim()])
      this.assertPresent()
      return op
    } catch (error) {
      op[Symbol.dispose]()
      throw error
    }
  }

  /** Around its file and the LXC configuration. @throws PoolSuspendedError */
  async lockSettings(op: Operation): Promise<Disposable> {
    this.pool.driver.assertWorking()
    return op.lock([claim('settings', `${this.pool.name}:${this.id}`, 'exclusive', this.#key)])
  }

  /** Around its root filesystem while it does not run: two mounts of one overlay must not be. @throws PoolSuspendedError */
  async lockRootfs(op: Operation): Promise<Disposable> {
    this.pool.driver.assertWorking()
    return op.lock([claim('rootfs', `${this.pool.name}:${this.id}`, 'exclusive', this.#key)])
  }

  /** @throws StateError */
  assertAlive(action: string): void {
    this.assertPresent()
    if (!this.run.alive)
      throw new StateError(this.name, this.run.state, `${action} needs it running`)
  }

  /** @throws StateError */
  assertStopped(action: string): void {
    if (this.run.alive)
      throw new StateError(this.name, this.run.state, `${action} needs it stopped`)
  }

  /** @throws StateError while others on this machine have its user's ids */
  async assertNotBlocked(op: Operation): Promise<void> {
    try {
      await this.user.takeContested(op)
    } catch (error) {
      if (!(error instanceof IdOverlapError)) throw error
      throw new StateError(this.name, 'blocked', error.message)
    }
  }

  /** @throws StateError while something that was begun with its rootfs has not come to its end */
  assertWhole(action: string): void {
    const { rolling_back: snapshot, reinstalling, booted } = this.config.vpsadminos
    const half = (state: string, what: string): StateError =>
      new StateError(this.name, state, `${what} was not finished, and must be before ${action}`)
    if (snapshot !== undefined) throw half('half rolled back', `snapshots.rollback('${snapshot}')`)
    if (reinstalling !== undefined) throw half('half reinstalled', 'reinstall()')
    if (booted !== undefined) throw half('booted from an image', 'the run of boot()')
  }

  /** The image below an overlay; null when the container does not need one. */
  image({ mode, image } = this.ownRoot): Image | null {
    return mode === 'overlay' && image !== null ? this.pool.images.find({ id: image }) : null
  }

  /** What it has on the pool: the path of its directory, or the name of its dataset. */
  get home(): string {
    return this.pool.driver.home(this.id, this.config.dataset ?? null)
  }

  rootfsPlan(root = this.ownRoot): RootfsPlan {
    const own = root.ownAt === null ? [] : [{ ...this.#treePlan(this.ownRoot), at: root.ownAt }]
    return { ...this.#treePlan(root), mounts: [...own, ...this.subMounts(this.config)] }
  }

  #treePlan(root: Root): RootfsPlan {
    const { name, driver } = this.pool
    const source = { mode: root.mode, image: this.image(root) }
    return driver.plan(root.home, source, this.host.paths.rootfs(name, this.id), this.user)
  }

  /** Those of its further datasets that a start mounts. @throws UnsupportedError where it can have none */
  subMounts(file: ContainerFile): SubMount[] {
    return automaticMounts(file).map(({ dataset, mountpoint: at, readonly }) => ({
      dataset: datasetsOf(this).nameOf(this.home, dataset),
      at,
      readonly,
    }))
  }

  /** Datasets that it has in its own hands, as `zfs` calls them. */
  delegated(): string[] {
    const { delegated = [] } = this.config.vpsadminos
    return delegated.map((name) => datasetsOf(this).nameOf(this.home, name))
  }

  /**
   * Works on files where they are: in the running container, or in its rootfs mounted for the
   * purpose. Then everything else that needs it mounted, a start too, waits for the end of `work`.
   */
  async withFiles<T>(op: Operation, work: (target: FileTarget) => Promise<T>): Promise<T> {
    if (this.run.alive) return work({ pool: this.pool.name, id: this.id })
    using _rootfs = await this.lockRootfs(op)
    this.assertPresent()
    return await work(
      this.run.alive ? { pool: this.pool.name, id: this.id } : { rootfs: this.rootfsPlan() },
    )
  }

  /** For a start. */
  async withoutFiles<T>(op: Operation, work: () => Promise<T>): Promise<T> {
    using _rootfs = await this.lockRootfs(op)
    return await work()
  }
}
