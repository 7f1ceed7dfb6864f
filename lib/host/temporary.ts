// A host that leaves nothing: all of its state has names of its own, and closing it ends and removes
// everything. One whose process was killed is cleared away when the next one is opened.

import { randomBytes } from 'node:crypto'
import { lstat, mkdtemp, readdir, readFile, rename } from 'node:fs/promises'
import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { removeLxcLocks } from '../container/lxc-lock.js'
import { killContainer } from '../container/stop.js'
import { Pools } from '../pool/pools.js'
import { datasetName, poolName } from '../schema/names.js'
import { dirInstallOptions } from '../schema/pool.js'
import { parse } from '../schema/parse.js'
import { makeScratch, optionsOf, removeScratch, type ScratchPool } from '../storage/scratch.js'
import { Undo } from '../undo.js'
import { HostBusyError, NotRootError } from './errors.js'
import { forgetCgroupRoots } from './lock.js'
import { checkOptions, Operation, type OperationOptions } from './operation.js'
import { openHost, type OpenHost } from './open.js'

export interface TemporaryOptions {
  /** The pool's name; default `tank`. */
  readonly pool?: string | undefined
  /** Where to make the pool's directory; default the system's directory for temporary files. */
  readonly directory?: string | undefined
  /** How rootfs are made from images; default the best that works there. */
  readonly cloneMode?: 'auto' | 'overlay' | 'reflink' | 'copy' | undefined
  /** A dataset of ZFS, to have the pool in one below it. Default: none, and the pool is a directory. */
  readonly dataset?: string | undefined
}

const schema = z.strictObject({
  pool: poolName.default('tank'),
  directory: z.string().default(tmpdir()),
  cloneMode: dirInstallOptions.shape.cloneMode,
  dataset: datasetName.optional(),
})

/** Run state belongs into memory, and not every machine has its `/run` there. */
const PARENTS = ['/run', '/dev/shm'] as const
const TMPFS_MAGIC = 0x01021994 // statfs(2)
const PREFIX = 'osctl-tmp-'
const MARK = 'temporary.json'
/** The mark of one that nobody has the lock of yet. */
const PLAN = 'temporary-plan.json'
const REMAINS_MS = 60_000

/** What has to be known to clear one away. */
const mark = z.object({
  cgroupRoot: z.string(),
  interfacePrefix: z.string(),
  pool: z.object({ name: z.string(), path: z.string(), dataset: z.string().optional() }),
})

export async function openTemporary(
  options: TemporaryOptions,
  more: OperationOptions = {},
): Promise<OpenHost> {
  const { pool: name, directory, cloneMode, dataset: above } = parse(schema, options, 'temporary')
  checkOptions(more, 'temporary')
  if (process.geteuid?.() !== 0) throw new NotRootError('Host.temporary()')
  await sweepTemporary(more.signal)
  await using undo = new Undo()
  const stateDir = await mkdtemp(join(await parentInMemory(), PREFIX))
  undo.add(() => rm(stateDir, { recursive: true, force: true }))
  const random = randomBytes(6).toString('hex')
  const scratch = join(directory, `osctl-pool-${random}`)
  const cgroupRoot = `osctl-${random}`
  const interfacePrefix = `v${random.slice(0, 6)}`
  const dataset = above === undefined ? {} : { dataset: `${above}/osctl-pool-${random}` }
  const pool: ScratchPool = { name, path: join(scratch, name), ...dataset }
  const plan = JSON.stringify({ cgroupRoot, interfacePrefix, pool })
  await writeFile(join(stateDir, PLAN), plan)
  undo.add(() => removeScratch(pool))
  await makeScratch(pool)
  const host = await openHost({ stateDir, cgroupRoot, interfacePrefix }, more)
  undo.add(() => tearDown(host, pool))
  // After the lock was taken: whoever finds the mark and gets the lock knows that we are gone.
  await rename(join(stateDir, PLAN), join(stateDir, MARK))
  const wanted = optionsOf(pool)
  const install = wanted.driver === 'zfs' ? wanted : { ...wanted, cloneMode }
  await new Pools(host.context).installAs(install, { durable: false }, more)
  more.signal?.throwIfAborted()
  undo.commit()
  return { ...host, close: () => tearDown(host, pool) }
}

/** Ends and removes everything. What cannot be done does not keep the rest from being done. */
async function tearDown(host: OpenHost, scratch: ScratchPool): Promise<void> {
  const { context } = host
  const { stateDir } = context.paths
  const failures: unknown[] = []
  const attempt = async (step: () => Promise<unknown>) => {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  // Before programs are killed, which would be told as their end.
  host.release()
  const pools = [...context.pools.values()]
  using closing = new Operation(context.locks, 'close', `host ${stateDir}`)
  for (const pool of pools) {
    const alive = [...pool.containers.values()].filter(({ record }) => record.run.alive)
    await Promise.all(
      alive.map((container) => attempt(() => killContainer(container.record, undefined))),
    )
    await attempt(() => pool.reservations.releaseAll(closing))
  }
  await attempt(() => host.link.shutdown())
  // What is left in there is nobody's any more.
  const root = context.cgroups.dir(context.cgroupRoot)
  await attempt(() => root.kill())
  await attempt(() => root.remove())
  // An open file keeps a dataset from being destroyed.
  for (const pool of pools) await attempt(async () => pool.lock?.[Symbol.asyncDispose]())
  await attempt(() => removeScratch(scratch))
  // Before the lock is free: whoever had it next would make anew what is being removed here.
  await attempt(() => rm(join(stateDir, MARK), { force: true }))
  await attempt(() => host.close())
  await attempt(() => removeLxcLocks(stateDir))
  await attempt(() => rm(stateDir, { recursive: true, force: true, maxRetries: 5 }))
  await attempt(() => forgetCgroupRoots(closing))
  if (failures.length === 1) throw failures[0]
  if (failures.length > 1) throw new AggregateError(failures, `could not remove all of ${stateDir}`)
}

/** Clears away temporary hosts whose process has ended without closing them. */
async function sweepTemporary(signal: AbortSignal | undefined): Promise<void> {
  const found = await Promise.all(
    PARENTS.map(async (parent) =>
      (await readdir(parent).catch(() => []))
        .filter((name) => name.startsWith(PREFIX))
        .map((name) => join(parent, name)),
    ),
  )
  for (const stateDir of found.flat()) {
    signal?.throwIfAborted()
    if (!(await isOurs(stateDir))) continue
    const text = (await readMark(stateDir, MARK)) ?? (await planOfRemains(stateDir))
    if (text === null) continue
    try {
      const { cgroupRoot, interfacePrefix, pool } = mark.parse(JSON.parse(text))
      const pools = [optionsOf(pool)]
      const host = await openHost(
        { stateDir, cgroupRoot, interfacePrefix, pools },
        {},
        async () => {
          // It may have been closed, and be removed, since its mark was read.
          if ((await readMark(stateDir, MARK)) ?? (await readMark(stateDir, PLAN))) return
          throw new HostBusyError(stateDir, null)
        },
      )
      await tearDown(host, pool)
    } catch (error) {
      // Its own process may have removed it meanwhile.
      if (error instanceof HostBusyError || !(await isOurs(stateDir))) continue
      const reason = error instanceof Error ? error.message : String(error)
      process.emitWarning(`temporary host ${stateDir} could not be removed: ${reason}`)
    }
  }
  signal?.throwIfAborted()
}

// Everybody may write to one of the parents, and what such a directory says is killed and removed.
async function isOurs(stateDir: string): Promise<boolean> {
  const found = await lstat(stateDir).catch(() => null)
  return found !== null && found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0
}

async function parentInMemory(): Promise<string> {
  for (const parent of PARENTS) {
    const info = await statfs(parent).catch(() => null)
    if (info?.type === TMPFS_MAGIC) return parent
  }
  return PARENTS[0]
}

const readMark = (stateDir: string, name: string): Promise<string | null> =>
  readFile(join(stateDir, name), 'utf8').catch(() => null)

// Without a mark it is either being made right now, or its process ended in the middle of that, or it is
// what a start that was under way when its host was closed has made anew.
async function planOfRemains(stateDir: string): Promise<string | null> {
  const found = await stat(stateDir).catch(() => null)
  if (found === null || Date.now() - found.mtimeMs < REMAINS_MS) return null
  const plan = await readMark(stateDir, PLAN)
  if (plan === null) await rm(stateDir, { recursive: true, force: true })
  return plan
}
