// Where one run of the bench keeps its things, and how it calls the small programs of bench/floor. The
// run has a mount namespace of its own (scripts/bench.sh), so that mounts made here end with it.
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Span } from './row.js'

const run = promisify(execFile)

export class Place {
  readonly #mounted: string[] = []

  private constructor(readonly scratch: string) {}

  static async make(): Promise<Place> {
    await sweep()
    const prefix = join(tmpdir(), `vpsadminos-bench-${process.pid}-`)
    const place = new Place(await mkdtemp(prefix))
    // A container's root is nobody out here and must be able to pass.
    await chmod(place.scratch, 0o755)
    await place.#makeRootfs()
    await mkdir(place.emptyPath)
    return place
  }

  /** The tree that is the root of every container. */
  get rootfs(): string {
    return this.path('tree')
  }

  /** A PATH on which nothing is found, newuidmap least of all. */
  get emptyPath(): string {
    return this.path('empty')
  }

  path(...names: string[]): string {
    return join(this.scratch, ...names)
  }

  program(name: string): string {
    return join(import.meta.dirname, 'floor', name)
  }

  /** Runs a program of bench/floor and returns the two numbers that it prints. */
  async measure(name: string, args: string[], path = this.emptyPath): Promise<[number, number]> {
    try {
      const { stdout } = await run(this.program(name), args, { cwd: '/', env: { PATH: path } })
      const [first, second] = stdout.split(' ').map(Number)
      if (first === undefined || second === undefined) throw new Error(`it printed "${stdout}"`)
      return [first, second]
    } catch (error) {
      const log = name === 'spawn' && existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : ''
      throw new Error(`${name} ${args.join(' ')} failed\n${log}`, { cause: error })
    }
  }

  /** Times other programs, from a parent that is cheap to fork. */
  async spawn(args: string[], path?: string): Promise<Span> {
    const [begin, end] = await this.measure('spawn', [this.#log, ...args], path)
    return { begin, end }
  }

  /** Shows a private copy of a system file with other content. */
  async replace(file: string, text: string): Promise<void> {
    const copy = this.path(file.replaceAll('/', '_'))
    await writeFile(copy, text)
    await run('mount', ['--bind', copy, file])
    this.#mounted.push(file)
  }

  /** Mounts the tree idmapped, for runtimes that do not do it by themselves. */
  async mountRootfs(target: string, firstId: number): Promise<void> {
    await mkdir(target, { recursive: true })
    await run(this.program('rootfs'), [this.rootfs, target, String(firstId)])
    this.#mounted.push(target)
  }

  /** Before what the mounts stand on is removed. */
  async unmount(): Promise<void> {
    for (const target of this.#mounted.splice(0)) await run('umount', ['--lazy', target])
  }

  async remove(): Promise<void> {
    await this.unmount()
    await rm(this.scratch, { recursive: true, force: true })
  }

  get #log(): string {
    return this.path('spawn.log')
  }

  async #makeRootfs(): Promise<void> {
    const directories = [
      'bin',
      'dev',
      'etc',
      'proc',
      'root',
      'run',
      'sbin',
      'sys',
      'tmp',
      'usr',
      'var',
    ]
    for (const name of directories) await mkdir(join(this.rootfs, name), { recursive: true })
    await copyFile(this.program('init'), join(this.rootfs, 'sbin/init'))
    await copyFile(this.program('true'), join(this.rootfs, 'bin/true'))
  }
}

/** Removes what runs that were killed have left behind. */
async function sweep(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^vpsadminos-bench-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      await rm(join(tmpdir(), name), { recursive: true, force: true })
  }
}
