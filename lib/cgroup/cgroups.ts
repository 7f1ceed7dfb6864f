// The cgroup hierarchies of this machine, or of a list of directories.
import type { CgroupStats, Hierarchies, Hierarchy, ProcessTable } from '#native'
import { traced } from '../errors.js'
import { native } from '../native.js'
import { CgroupDir } from './cgroup-dir.js'
import { figuresOf, linesOf, statsIn, type StatsFigure } from './figures.js'

/** Cgroups, whose files stay open for the next time; of fewer, another thread would cost more than it saves. */
const MANY = 32

export type { CgroupStats, Hierarchy } from '#native'
export type { StatsFigure } from './figures.js'

/**
 * All mounted hierarchies, v1 and v2, opened once.
 *
 * @example
 * await using cgroups = Cgroups.mounted()
 * const dir = cgroups.dir('osctl/pool.tank')
 * await dir.create()
 */
export class Cgroups implements AsyncDisposable {
  /** What is mounted, in the order of the mount table. */
  readonly hierarchies: readonly Hierarchy[]
  readonly #native: Hierarchies

  private constructor(list: Hierarchy[] | null) {
    this.#native = native.cgroup.open(list)
    this.hierarchies = native.cgroup.list(this.#native)
  }

  /** Reads the mount table. Throws `ENOENT` when there is no cgroup hierarchy. */
  static mounted(): Cgroups {
    return new Cgroups(null)
  }

  /** Takes these directories for hierarchies. */
  static at(list: readonly Hierarchy[]): Cgroups {
    return new Cgroups([...list])
  }

  /** `hybrid` is v1 with the unified hierarchy beside it. */
  get layout(): 'unified' | 'hybrid' | 'legacy' {
    const versions = new Set(this.hierarchies.map(({ version }) => version))
    if (!versions.has(1)) return 'unified'
    return versions.has(2) ? 'hybrid' : 'legacy'
  }

  /** Controllers that can be used, whichever hierarchy they are in. */
  get controllers(): string[] {
    const all = this.hierarchies.flatMap(({ controllers }) => controllers)
    return [...new Set(all.filter((name) => !name.startsWith('name=')))].sort()
  }

  /** Which version of a controller's files apply here; `null` when the machine has it in neither. */
  version(controller: string): 1 | 2 | null {
    const found = (version: 1 | 2) =>
      this.hierarchies.some(
        (one) => one.version === version && one.controllers.includes(controller),
      )
    return found(1) ? 1 : found(2) ? 2 : null
  }

  /** Where the hierarchy is mounted that has a controller; `null` when the machine does not have it. */
  mountpoint(controller: string): string | null {
    const version = this.version(controller)
    const found = this.hierarchies.find(
      (one) => one.version === version && one.controllers.includes(controller),
    )
    return found?.mountpoint ?? null
  }

  /** A cgroup by its path below every mountpoint. Does no I/O. */
  dir(path: string): CgroupDir {
    return new CgroupDir(this.#native, path)
  }

  /**
   * What many cgroups use, in one call and in the order of the paths. A figure that the machine does
   * not have is `null`, and so are all of a cgroup that does not exist.
   *
   * @param figures those alone; each that is left out is one file less to read of each
   */
  async stats<Figure extends StatsFigure = StatsFigure>(
    paths: readonly string[],
    figures?: readonly Figure[],
  ): Promise<Pick<CgroupStats, Figure>[]> {
    const wanted = figuresOf(figures)
    const many = paths.length >= MANY
    const read = async (some: readonly string[]) => {
      if (some.length === 0) return []
      const doubles = native.cgroup.stats(this.#native, linesOf(some), wanted, many)
      return statsIn(await traced(doubles), some.length, wanted)
    }
    if (!many) return read(paths)
    // By two threads: each file is some µs of the kernel's.
    const half = paths.length >> 1
    return (await Promise.all([read(paths.slice(0, half)), read(paths.slice(half))])).flat()
  }

  /** Processes in or below these, in one call. One that does not exist has none. */
  async processes(paths: readonly string[], commands: boolean): Promise<ProcessTable> {
    return traced(native.process.inCgroups(this.#native, [...paths], commands))
  }

  /** All processes that there are, or that are in any of these; which one each is in is told. */
  async allProcesses(
    paths: readonly string[],
    commands: boolean,
    strangers: boolean,
  ): Promise<ProcessTable> {
    return traced(native.process.ofHost(this.#native, [...paths], commands, strangers))
  }

  /** Processes of these numbers, as far as there are any. */
  async processesByPid(
    paths: readonly string[],
    pids: readonly number[],
    commands: boolean,
  ): Promise<ProcessTable> {
    return traced(native.process.ofPids(this.#native, [...paths], commands, [...pids]))
  }

  /** Work and watches that began before go on. */
  close(): void {
    native.cgroup.close(this.#native)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }
}
