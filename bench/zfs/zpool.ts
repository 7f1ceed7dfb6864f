// A zpool in a file for one run of the bench, and the two ways to work on it.
import { execFile } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type * as mount from '../../dist/ns/mount.js'
import type * as datasets from '../../dist/zfs/datasets.js'
import type * as list from '../../dist/zfs/list.js'

const run = promisify(execFile)
const ZFS = '/usr/sbin/zfs'
const fileSize = 3 * 2 ** 30

const dist = new URL('../../../dist/', import.meta.url)
const part = async (name: string): Promise<unknown> => import(new URL(name, dist).href)

/** What the engine calls: from where this file is compiled to, the package is elsewhere. */
export async function engine() {
  return {
    ...((await part('zfs/datasets.js')) as typeof datasets),
    ...((await part('zfs/list.js')) as typeof list),
    ...((await part('ns/mount.js')) as typeof mount),
  }
}

export class Zpool {
  private constructor(
    readonly name: string,
    readonly directory: string,
  ) {}

  static async make(): Promise<Zpool> {
    const directory = await mkdtemp(join(tmpdir(), 'vpsadminos-bench-zfs-'))
    const file = join(directory, 'disk')
    await writeFile(file, '')
    await truncate(file, fileSize)
    const pool = new Zpool(`bench-${process.pid}`, directory)
    await run('zpool', ['create', '-m', pool.path(), pool.name, file])
    return pool
  }

  /** Where a dataset of it is mounted. */
  path(...names: string[]): string {
    return join(this.directory, 'mounted', ...names)
  }

  dataset(...names: string[]): string {
    return [this.name, ...names].join('/')
  }

  /** Milliseconds that calls of zfs(8) take one after the other, from a parent that is cheap to fork. */
  spawn(...calls: readonly string[][]): Promise<number> {
    return this.#spawn(calls.map((one) => [ZFS, ...one]))
  }

  /** Milliseconds that calls of zfs(8) take at the same time. */
  spawnAtOnce(...calls: readonly string[][]): Promise<number> {
    const script = [...calls.map((one) => `${ZFS} ${one.join(' ')} &`), 'wait'].join('\n')
    return this.#spawn([['/bin/sh', '-c', script]])
  }

  async #spawn(programs: readonly string[][]): Promise<number> {
    const spawn = join(import.meta.dirname, '../floor/spawn')
    const args = programs.flatMap((one, index) => [...(index === 0 ? [] : ['---']), ...one])
    const { stdout } = await run(spawn, [join(this.directory, 'log'), ...args])
    const [begin = Number.NaN, end = Number.NaN] = stdout.split(' ').map(Number)
    return (end - begin) / 1e6
  }

  async remove(): Promise<void> {
    await run('zpool', ['destroy', '-f', this.name])
    await rm(this.directory, { recursive: true })
  }
}

/** Milliseconds that it takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}
