// Reads a pool into memory. One file that is broken is reported and left out; the pool goes on.

import { mkdir, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import type { z } from 'zod'
import { lastExits } from '../container/last-exit.js'
import { endCopy } from '../container/copy.js'
import { loadContainer } from '../container/load.js'
import { placeForTools } from '../container/lxc-file.js'
import { finishDatasets } from '../dataset/datasets.js'
import { finishRollback } from '../dataset/snapshots.js'
import type { ContainerRecord } from '../container/record.js'
import { goOnAfterRest } from '../container/rest.js'
import { restingIn } from '../container/rest-note.js'
import { finishReinstall } from '../container/reinstall.js'
import { finishRename } from '../container/rename.js'
import { finishNaming, reapply } from '../container/set.js'
import { createGroup } from '../group/groups.js'
import { createIdRange, DEFAULT_RANGE } from '../id-range/id-ranges.js'
import type { HostContext } from '../host/context.js'
import type { Operation } from '../host/operation.js'
import { recoverPool } from '../host/recover.js'
import { isUnapplied } from '../host/unapplied.js'
import { BusyError, ConfigBrokenError } from '../host/errors.js'
import { IdRange } from '../id-range/id-range.js'
import { userIn } from '../id-range/reservations.js'
import { endOf, TakenSpans } from '../id-range/taken-spans.js'
import { TableFile } from '../id-range/table-file.js'
import { PoolImages } from '../image/pool-images.js'
import { ImageStore } from '../image/store.js'
import { FileLock } from '../ns/file-lock.js'
import { containerId, idRangeName, userName } from '../schema/names.js'
import { poolFile, type poolOptions } from '../schema/pool.js'
import { userFile } from '../schema/user.js'
import type { StorageDriver } from '../storage/driver.js'
import { findPlace } from '../storage/place.js'
import { Undo } from '../undo.js'
import { checkIdMap, spansOf, type IdSpan } from '../user/id-map.js'
import { User } from '../user/user.js'
import { touches } from '../zfs/names.js'
import { ConfigFile } from './config-file.js'
import { emptyTrash } from './empty-trash.js'
import { loadGroups, removeHalfMade } from './group-directories.js'
import { PoolLayout } from './layout.js'
import { openFile } from './open-file.js'
import { assertNotElsewhere, readOwner, writeOwner, type Owner } from './owner.js'
import { Pool } from './pool.js'
import { checkVisible } from './root.js'
import { skipBroken } from './skip-broken.js'
import { staleCgroups } from './stale-cgroups.js'
import { noteStrangers, strangersIn, unknownIn } from './strangers.js'
import { isTemporary } from './write-file.js'
import { done } from '../step.js'

/** For who has its lock already. */
export async function importPool(
  op: Operation,
  host: HostContext,
  options: z.output<typeof poolOptions>,
): Promise<Pool> {
  const { name } = options
  const place = await findPlace(options)
  const layout = new PoolLayout(place.root)
  await using undo = new Undo()
  const lock = await takeLock(layout)
  undo.add(() => lock?.[Symbol.asyncDispose]())
  const marker = await place.marker()
  const driver = place.driver(marker)
  const pool = new Pool({ name, host, layout, marker, driver, lock })
  if (lock !== null) await own(pool, lock)
  done('import.locked', op.signal)
  await place.ensure()
  for (const path of place.mounts) await checkVisible(host, path)
  pool.config = await new ConfigFile(layout.poolFile(), poolFile).read()

  await loadIdRanges(pool)
  await loadUsers(pool)
  await loadGroups(pool)
  const users = (image: string) =>
    [...pool.containers.values()].filter((ct) => ct.needsImage(image)).map(({ id }) => id)
  const images = await ImageStore.open({
    storage: driver.images,
    users,
    unknown: () => unknownIn(pool),
  })
  pool.setImages(new PoolImages(pool, images))
  await loadContainers(pool)
  await reserveIds(op, pool)
  done('import.read', op.signal)
  if (lock !== null) {
    await tidy(op, pool, driver)
    await ensureDefaults(op, pool)
    await settleCgroups(pool)
  }
  done('import.tidied', op.signal)
  for (const directory of host.paths.ofPool(name)) await mkdir(directory, { recursive: true })
  // Events find the containers from here on, so that none between the answer and the end is lost.
  const { pools } = host
  pools.set(name, pool)
  undo.add(() => pools.delete(name))
  await adoptRunning(pool)
  op.signal?.throwIfAborted()
  op.goOn()
  if (lock !== null) await finishChanges(op, pool)
  await placeAll(pool)

  // Not before: of containers, it says nothing.
  pool.broken.push(...images.broken)
  // Before that is asked: who gives a shutdown up meanwhile finds what to take back.
  pool.state = 'disabled'
  await recoverPool(op, pool)
  if ((await host.shutdownMarker.state()) === 'none') pool.enable()
  if (lock !== null) await finishCutOff(op, pool)
  done('import.active')
  // Its host may have been closed meanwhile.
  pool.assertActive()
  undo.commit()
  if (lock !== null) emptyTrash(pool)
  return pool
}

// A read-only pool cannot be locked, and needs no lock: nothing in it changes.
export async function takeLock(layout: PoolLayout): Promise<FileLock | null> {
  const path = lockPath(layout)
  let lock: FileLock | null
  try {
    lock = await FileLock.take(path, openFile)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EROFS') return null
    throw error
  }
  if (lock !== null) return lock
  await using file = await openFile(path)
  const owner = await readOwner(file)
  const holder = owner === null ? 'another process' : `process ${owner.pid}`
  throw new BusyError(`pool '${layout.root}'`, `imported by ${holder}`, null)
}

function lockPath({ root }: PoolLayout): string {
  return join(root, '.lock')
}

async function own({ host, layout, name, cgroup }: Pool, { file }: FileLock): Promise<void> {
  const now: Owner = { pid: process.pid, stateDir: host.paths.stateDir, pool: name, cgroup }
  const last = await readOwner(file)
  await assertNotElsewhere(host, layout.root, last, now)
  await writeOwner(lockPath(layout), last, now)
}

async function loadIdRanges(pool: Pool): Promise<void> {
  await loadFiles(pool, 'id-range', async (name, path) => {
    if (!idRangeName.safeParse(name).success) throw badName(path)
    const file = new TableFile(path)
    const config = await file.read()
    try {
      pool.idRanges.set(name, new IdRange(name, file, pool.idRangeHome, config))
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new ConfigBrokenError(path, error.message, null, null)
    }
  })
}

async function loadUsers(pool: Pool): Promise<void> {
  await loadFiles(pool, 'user', async (name, path) => {
    if (!userName.safeParse(name).success) throw badName(path)
    const file = new ConfigFile(path, userFile)
    const config = await file.read()
    checkIdMap(config.uid_map, `${path}: uid_map`)
    checkIdMap(config.gid_map, `${path}: gid_map`)
    pool.users.set(name, new User(name, pool, file, config))
  })
}

async function loadContainers(pool: Pool): Promise<void> {
  await loadFiles(pool, 'ct', async (id, path) => {
    if (!containerId.safeParse(id).success) throw badName(path)
    const container = await loadContainer(pool, id)
    if (container !== null) pool.containers.set(id, container)
  })
  leaveOutShared(pool)
}

/** Where two say of one dataset that it is theirs, or one's is in the other's, neither is to lose it by the other. */
function leaveOutShared(pool: Pool): void {
  const chosen = [...pool.containers.values()]
    .map(({ id, record: { home } }) => ({ id, home }))
    .filter(({ id, home }) => home !== pool.driver.home(id, null))
  for (const { id, home } of chosen) {
    const other = chosen.find((one) => one.id !== id && touches(one.home, home))
    if (other === undefined) continue
    pool.containers.delete(id)
    const reason = `dataset '${home}' is shared with that of container '${other.id}'`
    pool.broken.push({ path: pool.layout.confFile('ct', id), reason })
  }
}

/** Some files at a time, so that thousands of them do not hold up everything else. */
async function loadFiles(
  pool: Pool,
  kind: 'ct' | 'user' | 'id-range',
  load: (name: string, path: string) => Promise<void>,
): Promise<void> {
  const names = (await readdir(pool.layout.conf(kind))).filter((name) => name.endsWith('.yml'))
  const next = names.sort().values()
  const worker = async () => {
    for (const name of next) {
      const path = join(pool.layout.conf(kind), name)
      await skipBroken(pool, path, () => load(name.slice(0, -'.yml'.length), path))
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

function badName(path: string): ConfigBrokenError {
  return new ConfigBrokenError(path, 'the name of the file is not a valid name', null, null)
}

/** Takes the pool's ids on this machine. Users whose ids others have cannot start containers. */
async function reserveIds(op: Operation, pool: Pool): Promise<void> {
  const blocks = [...pool.idRanges.values()].flatMap((range) => range.reservations())
  const allocated = new TakenSpans(
    [...pool.idRanges.values()].flatMap((range) =>
      range.table('allocated').map((run) => ({ ...range.span(run), owner: run.owner })),
    ),
  )
  const mapped = [...pool.users.values()].flatMap((user) =>
    spansOf(user.uidMap, user.gidMap).map((span) => ({ ...span, user })),
  )
  const maps = mapped
    .filter(({ user, ...span }) => !isWithin(span, allocated, user, pool))
    .map(({ user, ...span }) => ({ ...span, owner: `user:${user.name}` }))
  const isBroken = (owner: string): boolean => {
    const user = userIn(owner)
    return user !== null && pool.isBroken(pool.layout.confFile('user', user))
  }
  const conflicts = await pool.reservations.restore(op, [...blocks, ...maps], isBroken)
  const users = new TakenSpans(mapped)
  for (const conflict of conflicts) {
    const named = userIn(conflict.span.owner)
    for (const { user } of users.allOverlapping(conflict.span)) {
      if (named === null || named === user.name) user.contested.add(conflict)
    }
  }
}

type Owned = IdSpan & { readonly owner: string | null }

/** Whether the ids are those of a block already. One that is another user's has them alone. */
function isWithin(span: IdSpan, allocated: TakenSpans<Owned>, user: User, pool: Pool): boolean {
  const block = allocated.overlapping(span)
  if (block === undefined || span.start < block.start || endOf(span) > endOf(block)) return false
  const owner = userIn(block.owner)
  return owner === null || owner === user.name || !pool.users.has(owner)
}

/** Takes away what operations that were cut off by a crash have left. */
async function tidy(op: Operation, pool: Pool, driver: StorageDriver): Promise<void> {
  for (const kind of ['ct', 'user', 'id-range'] as const) {
    const directory = pool.layout.conf(kind)
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (isTemporary(entry.name) && entry.isFile()) await unlink(join(directory, entry.name))
    }
  }
  await removeHalfMade(pool.layout.conf('group'))
  for (const { dataset, reason } of await driver.sweep()) {
    process.emitWarning(`${dataset} could not be removed: ${reason}`, {
      code: 'VPSADMINOS_UNFINISHED',
    })
  }
  for (const range of pool.idRanges.values()) {
    for (const owner of range.owners()) {
      const user = userIn(owner)
      if (owner === null || user === null || pool.users.has(user)) continue
      if (!pool.isBroken(pool.layout.confFile('user', user))) await range.freeIfRoom(op, { owner })
    }
  }
  const used = pool.containersBy(({ user }) => user)
  const idle = [...pool.users.values()].filter((user) => !user.standalone && !used.has(user))
  // A container whose file is broken, or gone while it runs, still has its user.
  if (idle.length === 0 || pool.broken.length > 0 || (await strangersIn(pool)).length > 0) return
  for (const user of idle) await user.deleteIn(op)
}

/** Groups have their limits from here on; those that are no more have none. */
async function settleCgroups(pool: Pool): Promise<void> {
  const { cgroups } = pool.host
  // What still runs in one is no leftover of ours, and the audit tells of it.
  const stale = await staleCgroups(pool)
  await Promise.all(
    stale.map((path) =>
      cgroups
        .dir(path)
        .remove()
        .catch(() => undefined),
    ),
  )
  // A limit that cannot be had fails the start of a container, which says so.
  await Promise.all([...pool.groups.values()].map((group) => group.settle().catch(() => undefined)))
}

async function ensureDefaults(op: Operation, pool: Pool): Promise<void> {
  const { name, ...range } = DEFAULT_RANGE
  if (pool.idRanges.size === 0 && !pool.isBroken(pool.layout.confFile('id-range', name))) {
    await createIdRange(pool, { name, ...range })
  }
  for (const path of ['/', '/default']) {
    if (!pool.groups.has(path) && !pool.isBroken(pool.layout.groupFile(path))) {
      await createGroup(op, pool, path, [])
    }
  }
}

/** Goes on with what was cut off. What still fails waits for the next import and holds up nothing. */
async function finishChanges(op: Operation, pool: Pool): Promise<void> {
  await goOn(pool, async (record) => {
    const { renaming, unnamed = false } = record.config.vpsadminos
    const renamed = renaming?.to === record.id
    if (renamed) await finishRename(record, renaming.from)
    await finishRollback(record)
    await finishDatasets(record)
    await finishReinstall(record)
    await record.imageRun.finish()
    await record.programRun.finish()
    await record.ephemeral.finish(op)
    if (record.gone.signal.aborted) return
    // Of its own root.
    if ((unnamed || renamed) && !record.imageRun.present) await finishNaming(op, record)
    if (record.run.alive && isUnapplied(record.unappliedNote)) await reapply(record)
  })
}

/** What needs the pool to be active: what was brought to rest goes on, and what has ended meanwhile is over. */
async function finishCutOff(op: Operation, pool: Pool): Promise<void> {
  const resting = await restingIn(pool)
  await goOn(pool, async (record) => {
    await record.ephemeral.finish(op)
    if (record.gone.signal.aborted) return
    if (resting.has(record.id)) await goOnAfterRest(op, record)
    await endCopy(op, record)
  })
}

/** LXC's own tools find also what was never started since the machine has booted, some at a time. */
async function placeAll({ host, name, containers }: Pool): Promise<void> {
  const there = new Set(await readdir(host.paths.lxc(name)))
  const missing = [...containers.values()].filter(({ id }) => !there.has(id))
  for (const [index, { record }] of missing.entries()) {
    // What runs has what it was started with.
    if (!record.run.alive) placeForTools(record)
    if (index % 16 === 15) await turn()
  }
}

async function goOn(pool: Pool, work: (record: ContainerRecord) => Promise<void>): Promise<void> {
  for (const { record } of pool.containers.values()) {
    try {
      await work(record)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      process.emitWarning(`${record.name} is not as its file says: ${reason}`, {
        code: 'VPSADMINOS_UNFINISHED',
      })
    }
  }
}

/** Containers that ran on while no process had the host open. */
async function adoptRunning(pool: Pool): Promise<void> {
  const keeper = await pool.host.keeper()
  const adopted: Promise<void>[] = []
  await keeper.containers((all) => {
    noteStrangers(pool, all)
    for (const known of all) {
      const container = known.pool === pool.name ? pool.containers.get(known.id) : undefined
      if (container !== undefined) adopted.push(container.adopt(known))
    }
  })
  await Promise.all(adopted)
  for (const [id, exit] of await lastExits(pool)) {
    pool.containers.get(id)?.record.run.endedBefore(exit)
  }
}
