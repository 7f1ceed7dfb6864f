// A group is a node of the cgroup tree: limits on it hold for all containers below it together.

import { existsSync } from 'node:fs'
import { rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CgroupDir } from '../cgroup/cgroup-dir.js'
import type { CgroupStats } from '../cgroup/cgroups.js'
import type { StatsFigure, StatsOptions } from '../cgroup/figures.js'
import { abandon } from '../abandon.js'
import type { Asset } from '../asset/asset.js'
import { assetsOfGroup } from '../asset/of-pool.js'
import { Attributes, shownAttributes } from '../attribute/attributes.js'
import { InUseError, InvalidArgumentError } from '../host/errors.js'
import { claim, type Claim, type LockMode } from '../host/locks.js'
import { checkOptions, type Operation, type OperationOptions } from '../host/operation.js'
import {
  forgetUnapplied,
  isTakenBack,
  isUnapplied,
  unappliedParams,
  whileUnapplied,
} from '../host/unapplied.js'
import type { ConfigFile } from '../pool/config-file.js'
import type { Pool } from '../pool/pool.js'
import { unknownIn } from '../pool/strangers.js'
import type { z } from 'zod'
import { cgparamChange, type Cgparam, type CgparamChange } from '../schema/cgparam.js'
import {
  groupSettings,
  type groupFile,
  type GroupFile,
  type GroupSettingsInput,
} from '../schema/group.js'
import { checkLimits } from '../schema/limits.js'
import { parse } from '../schema/parse.js'
import {
  memoryRefusal,
  applyParams,
  changedParams,
  checkParams,
  isSame,
  replacedParams,
  shownParams,
  unusedParams,
  usableParams,
  type CgparamSnapshot,
} from './cgparams.js'
import { limitsOf, resetOf, withLimits, type EffectiveLimits } from './limit-params.js'
import { done } from '../step.js'

/** What `group show` shows. */
export interface GroupSnapshot extends EffectiveLimits {
  readonly pool: string
  readonly path: string
  /** Relative to every cgroup hierarchy. */
  readonly cgroup: string
  readonly cgparams: readonly CgparamSnapshot[]
  /** Those of them that are for machines with the other version of cgroups, and do nothing here. */
  readonly unusedCgparams: readonly CgparamSnapshot[]
  /** Their ids, sorted. */
  readonly containers: readonly string[]
  readonly attributes: Readonly<Record<string, string>>
}

export class Group {
  readonly #pool: Pool
  readonly #file: ConfigFile<typeof groupFile>
  #config: GroupFile
  // The cgroup is made when it is needed, once.
  #ready: Promise<void> | null = null

  /** @internal */
  constructor(
    readonly path: string,
    pool: Pool,
    file: ConfigFile<typeof groupFile>,
    config: GroupFile,
  ) {
    this.#pool = pool
    this.#file = file
    this.#config = config
  }

  /** Whether it has limits of its own. @internal */
  get limited(): boolean {
    return this.#config.cgparams.length > 0
  }

  /** The group above; null for `/`. */
  get parent(): Group | null {
    if (this.path === '/') return null
    const above = this.path.slice(0, this.path.lastIndexOf('/'))
    return this.#pool.groups.get(above === '' ? '/' : above) ?? null
  }

  /** Relative to every cgroup hierarchy. */
  get cgroup(): string {
    const parts = this.path.split('/').filter((part) => part !== '')
    return [this.#pool.cgroup, ...parts.map((part) => `group.${part}`)].join('/')
  }

  /** That of all containers of a user in this group. @internal */
  userCgroup(user: string): string {
    return `${this.cgroup}/user.${user}`
  }

  show(): GroupSnapshot {
    return this.showWith(this.#containers())
  }

  /** For who knows its containers already. @internal */
  showWith(containers: readonly string[]): GroupSnapshot {
    return Object.freeze({
      pool: this.#pool.name,
      path: this.path,
      cgroup: this.cgroup,
      ...limitsOf(this.#config.cgparams),
      cgparams: shownParams(this.#config.cgparams),
      unusedCgparams: unusedParams(this.#pool.host.cgroups, this.#config.cgparams),
      containers,
      attributes: shownAttributes(this.#config.attrs),
    })
  }

  /** What all containers of the group use together. */
  async stats<Figure extends StatsFigure = StatsFigure>(
    options: StatsOptions<Figure> = {},
  ): Promise<Pick<CgroupStats, Figure>> {
    checkOptions(options, 'stats', ['figures'])
    return await abandon(this.#dir().stats(options.figures), options.signal)
  }

  /**
   * Changes limits at once and for good; `null` takes a limit away.
   *
   * @param options it can be given up until its file is written
   */
  async set(settings: GroupSettingsInput, options: OperationOptions = {}): Promise<void> {
    const checked = parse(groupSettings, settings, 'set')
    checkLimits(checked, this.#pool.host.machine, 'set')
    await this.#set(() => checked, options)
  }

  /**
   * Changes some of its cgroup parameters, at once and for good; the others stay as they are, also where somebody else
   * changes them at the same time.
   *
   * @param options it can be given up until its file is written
   */
  async changeCgparams(change: CgparamChange, options: OperationOptions = {}): Promise<void> {
    const checked = parse(cgparamChange, change, 'changeCgparams')
    checkOptions(options, 'changeCgparams')
    await checkParams(this.#pool, [], checked.set, 'changeCgparams.set')
    await this.#set((before) => ({ cgparams: changedParams(before, checked) }), options)
  }

  /** @param settingsOf is asked when nobody else changes them any more */
  async #set(
    settingsOf: (before: readonly Cgparam[]) => z.output<typeof groupSettings>,
    options: OperationOptions,
  ): Promise<void> {
    checkOptions(options, 'set')
    // It stays where it is: containers may be made in it meanwhile.
    using op = await this.#begin('set', 'shared', options)
    await op.lock([this.#settings])
    const before = this.#config.cgparams
    const { cgparams, ...limits } = settingsOf(before)
    const replaced = cgparams === undefined ? before : replacedParams(before, cgparams ?? [])
    const after = withLimits(replaced, limits, 'set')
    await checkParams(this.#pool, before, cgparams ?? [], 'set.cgparams')
    await this.ensureCgroup()
    op.signal?.throwIfAborted()
    await whileUnapplied(this.#note, [...before, ...after], async (undone) => {
      let writing = false
      try {
        await this.#change(before, after)
        done('group-set.limits', op.signal)
        writing = true
        this.#config = await this.#file.update({ cgparams: after })
      } catch (error) {
        const isBack = await isTakenBack(this.#change(after, before))
        // Otherwise the file may be the new one, although that could not be made sure of.
        if (isBack && !writing) await undone()
        throw memoryRefusal(error, 'set')
      }
    })
    done('group-set.file')
  }

  /** What it is made of, as it is found there. @throws PoolSuspendedError */
  assets(): Promise<readonly Asset[]> {
    const running = [...this.#pool.containers.values()].some(
      ({ group, record }) => group === this && record.run.alive,
    )
    const cgroup = { path: this.cgroup, needed: running || this.limited }
    return assetsOfGroup(this.#pool, this.path, cgroup)
  }

  get attributes(): Attributes {
    return new Attributes({
      attrs: () => this.#config.attrs,
      begin: (options) => this.#begin('set', 'shared', options),
      lock: (op) => op.lock([this.#settings]),
      write: async (patch) => {
        this.#config = await this.#file.update(patch)
      },
    })
  }

  get #settings(): Claim {
    return claim('settings', `${this.#pool.name}:${this.path}`)
  }

  /**
   * Cannot be given up once it has begun.
   *
   * @throws InUseError while containers or groups are in it
   */
  async delete(options: OperationOptions = {}): Promise<void> {
    checkOptions(options, 'delete')
    using _op = await this.#begin('delete', 'exclusive', options)
    await this.deleteLocked(unknownIn(this.#pool))
  }

  /** For who has its lock already. @param unknown what may be in it, for all that is known @internal */
  async deleteLocked(unknown: readonly string[] = []): Promise<void> {
    if (this.path === '/' || this.path === '/default') {
      throw new InvalidArgumentError('delete', `group '${this.path}' always exists`)
    }
    const children = [...this.#pool.groups.keys()].filter((path) =>
      path.startsWith(`${this.path}/`),
    )
    const users = [...this.#containers(), ...children, ...unknown]
    if (users.length > 0) throw new InUseError('group', this.path, users)
    await this.#file.remove()
    done('group-delete.file')
    // Somebody's copy of its file may be in there: without the file it is no group.
    await rmdir(dirname(this.#file.path)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY')) throw error
    })
    done('group-delete.directory')
    this.#pool.groups.delete(this.path)
    await this.#dir().remove()
    await forgetUnapplied(this.#note)
    done('group-delete.cgroup')
  }

  /** Makes the cgroup, those above it, and their limits. @internal */
  async ensureCgroup(): Promise<void> {
    if (this.#ready !== null && !this.#stands()) this.#ready = null
    this.#ready ??= this.#create()
    try {
      await this.#ready
    } catch (error) {
      this.#ready = null
      throw error
    }
  }

  /** Its limits are those of its file, whatever a process that was cut off has left. @internal */
  async settle(): Promise<void> {
    const unapplied = isUnapplied(this.#note)
    if (this.limited || unapplied) await this.ensureCgroup()
    if (!unapplied) return
    await this.#change(await unappliedParams(this.#note), this.#config.cgparams)
    await forgetUnapplied(this.#note)
  }

  get #note(): string {
    return this.#pool.host.paths.unapplied(this.#pool.name, this.path)
  }

  // Somebody may have removed it from outside meanwhile. Looked for where it limits something, and at
  // once, as this is on the way of a start.
  #stands(): boolean {
    for (const mountpoint of this.#limitedIn()) {
      if (!existsSync(`${mountpoint}/${this.cgroup}`)) return false
    }
    return true
  }

  /** Mountpoints of the hierarchies in which it, or one above it, limits something. */
  #limitedIn(): Set<string> {
    const { cgroups } = this.#pool.host
    const { parent } = this
    const above = parent === null ? [] : parent.#limitedIn()
    const own = usableParams(cgroups, this.#config.cgparams).flatMap(
      ({ subsystem }) => cgroups.mountpoint(subsystem) ?? [],
    )
    return new Set([...above, ...own])
  }

  async #create(): Promise<void> {
    await this.parent?.ensureCgroup()
    await this.#dir().create()
    await this.#apply(this.#config.cgparams)
  }

  /** Takes back those that are not among the new ones, too. */
  async #change(before: readonly Cgparam[], after: readonly Cgparam[]): Promise<void> {
    const gone = before.filter((old) => !after.some((param) => isSame(param, old)))
    await this.#apply([...gone.flatMap((param) => resetOf(param) ?? []), ...after])
  }

  #apply(params: readonly Cgparam[]): Promise<void> {
    return applyParams(this.#dir(), usableParams(this.#pool.host.cgroups, params))
  }

  #dir(): CgroupDir {
    return this.#pool.host.cgroups.dir(this.cgroup)
  }

  #containers(): string[] {
    return [...this.#pool.containers.values()]
      .filter((container) => container.group === this)
      .map(({ id }) => id)
      .sort()
  }

  #begin(name: string, mode: LockMode, options: OperationOptions): Promise<Operation> {
    const { groups } = this.#pool
    const subject = this.#pool.claim('group', this.path, mode)
    return this.#pool.beginOn(name, subject, options, () => groups.get(this.path) === this)
  }
}
