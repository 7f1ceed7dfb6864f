// One cgroup: the same path in every hierarchy.
import type { CgroupStats, Hierarchies } from '#native'
import { traced } from '../errors.js'
import { native } from '../native.js'
import { onlyKeys } from '../schema/parse.js'
import { figuresOf, linesOf, statsIn, type StatsFigure } from './figures.js'
import { CgroupWatch, type WatchOptions } from './cgroup-watch.js'

/** A cheap handle; made by `Cgroups.dir()`. */
export class CgroupDir {
  readonly #in: Hierarchies

  /** @internal */
  constructor(
    hierarchies: Hierarchies,
    /** Relative to every hierarchy's mountpoint. */
    readonly path: string,
  ) {
    this.#in = hierarchies
  }

  /** The cgroup `name` below this one. */
  dir(name: string): CgroupDir {
    return new CgroupDir(this.#in, `${this.path}/${name}`)
  }

  /**
   * Makes it and what is missing above it, in every hierarchy. With `enableControllers` (the default)
   * all above hand their v2 controllers down to it.
   */
  async create({ enableControllers = true } = {}): Promise<void> {
    return traced(native.cgroup.create(this.#in, this.path, enableControllers))
  }

  /**
   * Removes it and all below it in every hierarchy; not existing is fine. `EBUSY` when a process is
   * still in it after `timeoutMs`.
   */
  async remove({ timeoutMs = 2000 } = {}): Promise<void> {
    return traced(native.cgroup.remove(this.#in, this.path, timeoutMs))
  }

  /** Moves a process into it in every hierarchy. */
  async join(pid: number): Promise<void> {
    return traced(native.cgroup.join(this.#in, this.path, pid))
  }

  /**
   * Writes a file of a controller, in the hierarchy that has the controller; `''` means the unified
   * hierarchy. `ENODEV` when the machine has no such controller.
   */
  async write(controller: string, file: string, value: string): Promise<void> {
    return traced(native.cgroup.write(this.#in, this.path, controller, file, value))
  }

  /** Reads a file of a controller; see `write()`. */
  async read(controller: string, file: string): Promise<string> {
    return traced(native.cgroup.read(this.#in, this.path, controller, file))
  }

  /**
   * Sends SIGKILL to all in it and below, frozen or not. Does not wait until they are gone. `ETIMEDOUT` when
   * there is too much to be visited.
   */
  async kill({ timeoutMs = 600_000 } = {}): Promise<void> {
    return traced(native.cgroup.kill(this.#in, this.path, timeoutMs))
  }

  /** Resolves when all in it and below is frozen; takes that back and rejects with `ETIMEDOUT` else. */
  async freeze({ timeoutMs = 10_000 } = {}): Promise<void> {
    return traced(native.cgroup.freeze(this.#in, this.path, timeoutMs))
  }

  /**
   * Thaws it and all below, whoever froze it. Without `below` it takes a freeze back: what was frozen further
   * down by itself stays so.
   */
  async thaw({ below = true } = {}): Promise<void> {
    return traced(native.cgroup.thaw(this.#in, this.path, below))
  }

  async frozen(): Promise<boolean> {
    return traced(native.cgroup.frozen(this.#in, this.path))
  }

  /** Ids of the processes in it and below. */
  async procs(): Promise<number[]> {
    return traced(native.cgroup.procs(this.#in, this.path))
  }

  /** Mountpoints of the hierarchies that have it; none is an empty list. */
  async exists(): Promise<string[]> {
    return traced(native.cgroup.exists(this.#in, this.path))
  }

  /** See `Cgroups.stats()`, which is the one for many. */
  async stats<Figure extends StatsFigure = StatsFigure>(
    figures?: readonly Figure[],
  ): Promise<Pick<CgroupStats, Figure>> {
    const wanted = figuresOf(figures)
    const doubles = await traced(native.cgroup.stats(this.#in, linesOf([this.path]), wanted, false))
    const [stats] = statsIn(doubles, 1, wanted)
    return stats as Pick<CgroupStats, Figure>
  }

  /** Processes killed for lack of memory, in it and below. */
  async oomKills(): Promise<number> {
    return traced(native.cgroup.oomKills(this.#in, this.path))
  }

  /**
   * What happens to it from now on, beginning with how it is. Leaving the loop ends it.
   *
   * - `populated`: whether there are processes in it or below.
   * - `frozen`: whether all in it stand still. Not told where the freezer is a controller of v1, also on
   *   hybrid machines: the kernel has no event for it there, and {@link frozen} is what knows.
   * - `oom`: its memory, or that of one below, was used up. On v2 `kills` is how many processes were
   *   killed for it so far; on v1 it is `null`, see {@link oomKills}, and the kernel tells some
   *   occurrences more than once.
   * - `removed`: it is gone; nothing follows.
   *
   * @example
   * for await (const event of cgroup.watch()) {
   *   if (event.type === 'populated' && !event.populated) break
   * }
   */
  watch(options: WatchOptions = {}): CgroupWatch {
    onlyKeys(options, ['signal', 'persistent'], 'watch')
    return new CgroupWatch(this.#in, this.path, options)
  }
}
