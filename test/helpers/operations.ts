// The operations of the engine, each from one state of a host to another, for tests that cut them off.
// `run` is also run in other processes, by its text: it knows nothing but the host and the place.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { IdOverlapError, type Host, type OperationOptions } from 'vpsadminos'
import type { Step } from '../../dist/step.js'
import { onZfs } from './storage.js'
import { busyboxArchive, lastingHost, type LastingHost } from './system.js'
import { upTo } from './time.js'

export interface Place {
  /** Of a busybox. */
  readonly archive: string
  /** A second pool. */
  readonly other: string
  /** Where none is yet. */
  readonly third: string
}

export interface Operation {
  readonly name: string
  /** Those that it must come by, in any order; there may be others. */
  readonly steps: readonly Step[]
  /** It ends with the process: the next one finds nothing of it. */
  readonly fleeting?: true
  /** From the state that every operation begins with. */
  readonly prepare?: (host: Host, place: Place) => Promise<unknown>
  readonly run: (host: Host, place: Place, options?: OperationOptions) => Promise<unknown>
  /** What the next process does first, as every host would. */
  readonly settle?: (host: Host, place: Place) => Promise<unknown>
  /** Back to that state, from wherever it is now. */
  readonly restore: (host: Host, place: Place) => Promise<unknown>
}

const user: readonly Step[] = ['id-range.reserved', 'id-range.allocated']

/** A host on which nothing is yet, and where it may have its pools. */
export async function operationsHost(
  t: Test,
  dataset?: string,
): Promise<{ options: LastingHost; place: Place }> {
  const options = lastingHost(t, dataset)
  const beside = (name: string): string => join(options.stateDir, '..', name)
  const archive = await busyboxArchive(t)
  return { options, place: { archive, other: beside('other'), third: beside('third') } }
}

/** What every operation finds: pools, a container that is stopped, and one that runs. */
export async function begin(host: Host, { pools }: LastingHost, place: Place): Promise<void> {
  await host.pools.install(pools[0])
  await host.pools.install({ name: 'other', path: place.other })
  await host.pools.export('other')
  const path = place.archive
  await ownIds(host)
  await host.images.import({ path, distribution: 'busybox', version: '1' })
  const image = { distribution: 'busybox' }
  await host.containers.create({ id: 'base', image, memoryLimit: '64 MiB' })
  await host.containers.create({ id: 'live', image, memoryLimit: '64 MiB' })
  await host.containers.get('live').start()
  // What a first start leaves is there from the beginning.
  await host.containers.create({ id: 'started', image })
  await host.containers.get('started').start()
  await host.containers.get('started').kill()
}

/** Which ids are free must not depend on who else is on this machine: nobody else has any of these. */
async function ownIds(host: Host, turn = process.pid % 700): Promise<void> {
  const [blockSize, blockCount] = [2 ** 16, 16]
  const startId = 3_100_000_000 + turn * blockSize * blockCount
  await host.idRanges.get('default').delete()
  const range = await host.idRanges.create({ name: 'default', startId, blockSize, blockCount })
  try {
    // Whoever has the last block has them all.
    await range.allocate({ blockIndex: blockCount - 1, owner: 'this test' })
  } catch (error) {
    if (!(error instanceof IdOverlapError)) throw error
    await ownIds(host, (turn + 1) % 700)
  }
}

const killStarted = async (host: Host): Promise<void> => {
  const ct = host.containers.get('started')
  if (ct.state !== 'stopped') await ct.kill()
}

const copySteps: readonly Step[] = [
  ...(['copy.staged', 'copy.marked', 'copy.rootfs', 'copy.unmarked'] as const),
  ...(['copy.guest', 'copy.log', 'copy.lxc', 'copy.live'] as const),
]

/** Whatever has become of it. */
const remakeBase = async (host: Host): Promise<void> => {
  await host.containers.get('base').delete()
  const image = { distribution: 'busybox' }
  await host.containers.create({ id: 'base', image, memoryLimit: '64 MiB' })
}

const dropCopy = async (host: Host): Promise<void> => {
  await host.containers.find('copied')?.delete()
}

const makeUser: Operation['run'] = (host, _place, options) =>
  host.users.create({ name: 'somebody' }, options)
const dropUser = async (host: Host): Promise<void> => {
  await host.users.find('somebody')?.delete()
}

const makeGroup: Operation['run'] = (host, _place, options) =>
  host.groups.create({ path: '/some', memoryLimit: '256 MiB' }, options)
const dropGroup = async (host: Host): Promise<void> => {
  await host.groups.find('/some')?.delete()
}

const makeRange: Operation['run'] = (host, _place, options) =>
  host.idRanges.create({ name: 'few', startId: 3e9, blockSize: 65536, blockCount: 4 }, options)
const dropRange = async (host: Host): Promise<void> => {
  await host.idRanges.find('few')?.delete()
}

const importImage: Operation['run'] = (host, { archive: path }, options) =>
  host.images.import({ path, distribution: 'second', version: '2' }, options)
const dropImage = async (host: Host): Promise<void> => {
  for (const { id } of host.images.list({ distribution: 'second' })) await host.images.delete(id)
}

const bootSecond: Operation['run'] = (host, _place, options) => {
  const image = { distribution: 'second' }
  return host.containers.get('started').boot({ image, mountRoot: '/mnt', ...options })
}
const endBoot = async (host: Host): Promise<void> => {
  await killStarted(host)
  await dropImage(host)
}

/** One that lasts for a run. */
const makePassing = async (host: Host): Promise<void> => {
  const image = { distribution: 'busybox' }
  await host.containers.create({ id: 'passing', image, ephemeral: true })
}
const dropPassing = async (host: Host): Promise<void> => {
  await host.containers.find('passing')?.delete({ force: true })
}

/** Its pools are there again, disabled. */
const shutDown: Operation['run'] = async (host, _place, options) => {
  const pools = host.pools.list()
  await host.shutdown(options)
  for (const { name, path, dataset } of pools) {
    if (host.pools.find(name) !== null) continue
    await host.pools.import(dataset === null ? { name, path } : { name, driver: 'zfs', dataset })
  }
}

const exportOther = async (host: Host): Promise<void> => {
  if (host.pools.find('other') !== null) await host.pools.export('other')
}

const makeDataset: Operation['run'] = (host, _place, options) =>
  host.containers.get('base').datasets.create('data/sub', { quota: '64 MiB' }, options)
const dropDataset = async (host: Host): Promise<void> => {
  const { datasets } = host.containers.get('base')
  if ((await datasets.list()).length === 1) return
  await datasets.delete('data', { recursive: true, unmount: true })
}

const makeOwn = async (host: Host, delegated = false): Promise<void> => {
  const { datasets } = host.containers.get('live')
  const there = (await datasets.list()).some(({ name }) => name === 'own')
  if (!there) await datasets.create('own', { mountpoint: null, delegated })
}
const dropOwn = async (host: Host): Promise<void> => {
  const { datasets } = host.containers.get('live')
  const there = (await datasets.list()).some(({ name }) => name === 'own')
  if (there) await datasets.delete('own')
}

/** Those that only a pool of ZFS has. */
export const zfsOperations: readonly Operation[] = [
  {
    name: 'create a dataset',
    steps: ['dataset.marked', 'dataset.made', 'dataset.mounted'],
    run: makeDataset,
    restore: dropDataset,
  },
  {
    name: 'delete a dataset',
    steps: ['dataset-delete.marked', 'dataset-delete.removed', 'dataset-delete.unmarked'],
    prepare: (host, place) => makeDataset(host, place),
    run: (host, _place, options) =>
      host.containers
        .get('base')
        .datasets.delete('data', { recursive: true, unmount: true }, options),
    restore: dropDataset,
  },
  {
    name: 'delegate a dataset',
    steps: ['delegate.marked', 'delegate.zoned', 'delegate.given'],
    prepare: (host) => makeOwn(host),
    run: (host, _place, options) =>
      host.containers.get('live').datasets.set('own', { delegated: true }, options),
    restore: dropOwn,
  },
  {
    name: 'take a dataset back',
    steps: ['undelegate.taken', 'undelegate.unzoned', 'undelegate.unmarked'],
    prepare: (host) => makeOwn(host, true),
    run: (host, _place, options) =>
      host.containers.get('live').datasets.set('own', { delegated: false }, options),
    restore: dropOwn,
  },
  {
    name: 'copy the datasets of a running container',
    steps: ['copy.snapshot'],
    prepare: (host) => host.containers.get('started').start(),
    run: (host, _place, options) => host.containers.copy('started', 'copied', options),
    restore: async (host) => {
      await dropCopy(host)
      await killStarted(host)
    },
  },
  {
    name: 'roll back to a snapshot',
    steps: ['rollback.marked', 'rollback.done', 'rollback.unmarked'],
    prepare: async (host) => {
      const ct = host.containers.get('base')
      for (const name of ['older', 'newer']) await ct.snapshots.create(name)
    },
    run: (host, _place, options) =>
      host.containers.get('base').snapshots.rollback('older', options),
    restore: remakeBase,
  },
]

/** Those that every pool has. */
export const operations: readonly Operation[] = [
  {
    name: 'create a container',
    steps: [
      ...user,
      ...(['user.ids', 'user.file', 'create.user', 'create.staged', 'create.rootfs'] as const),
      ...(['create.guest', 'create.log', 'create.lxc', 'create.live'] as const),
    ],
    run: (host, _place, options) =>
      host.containers.create({ id: 'new', image: { distribution: 'busybox' } }, options),
    restore: (host) => host.containers.find('new')?.delete() ?? Promise.resolve(),
  },
  {
    name: 'delete a container',
    steps: [
      ...(['delete.marked', 'delete.rootfs', 'delete.traces', 'delete.file'] as const),
      ...(['leave.cgroups', 'leave.user'] as const),
      ...(['user-delete.file', 'user-delete.ids', 'user-delete.cgroups'] as const),
      'id-range.freed',
    ],
    run: (host, _place, options) => host.containers.get('base').delete(options),
    restore: async (host) => {
      if (host.containers.find('base') !== null) return
      const image = { distribution: 'busybox' }
      await host.containers.create({ id: 'base', image, memoryLimit: '64 MiB' })
    },
  },
  {
    name: 'give a container another user',
    steps: [
      ...(['chown.file', 'leave.cgroups', 'leave.user'] as const),
      ...(['user-delete.file', 'user-delete.ids', 'user-delete.cgroups'] as const),
      'id-range.freed',
    ],
    prepare: (host, place) => makeUser(host, place),
    run: (host, _place, options) => host.containers.get('base').chown('somebody', options),
    restore: async (host) => {
      await remakeBase(host)
      await dropUser(host)
    },
  },
  {
    name: 'put a container into another group',
    steps: ['chgrp.file', 'leave.cgroups', 'leave.user'],
    prepare: (host, place) => makeGroup(host, place),
    run: (host, _place, options) => host.containers.get('base').chgrp('/some', options),
    restore: async (host) => {
      await host.containers.get('base').chgrp('/default')
      await dropGroup(host)
    },
  },
  {
    name: 'rename a container',
    steps: [
      ...(['rename.marked', 'rename.guest', 'rename.rootfs'] as const),
      ...(['rename.file', 'rename.logs', 'rename.done'] as const),
    ],
    run: (host, _place, options) => host.containers.get('base').rename('moved', options),
    restore: (host) => host.containers.find('moved')?.rename('base') ?? Promise.resolve(),
  },
  {
    name: 'copy a stopped container',
    steps: [...user, ...(['user.ids', 'user.file'] as const), ...copySteps],
    run: (host, _place, options) => host.containers.copy('base', 'copied', options),
    restore: dropCopy,
  },
  {
    name: 'copy a running container',
    steps: [
      ...(['copy.marked', 'stop.ended', 'copy.rest', 'start.running'] as const),
      ...(['copy.rootfs', 'copy.unmarked'] as const),
    ],
    prepare: (host) => host.containers.get('started').start(),
    run: (host, _place, options) => host.containers.copy('started', 'copied', options),
    restore: async (host) => {
      await dropCopy(host)
      await killStarted(host)
    },
  },
  {
    name: 'reinstall a stopped container',
    steps: [
      ...(['reinstall.marked', 'reinstall.rootfs', 'reinstall.guest'] as const),
      ...(['reinstall.replacing', 'reinstall.replaced', 'reinstall.done'] as const),
    ],
    prepare: (host, place) => importImage(host, place),
    run: (host, _place, options) =>
      host.containers.get('base').reinstall({ image: { distribution: 'second' }, ...options }),
    restore: async (host) => {
      await remakeBase(host)
      await dropImage(host)
    },
  },
  {
    name: 'boot a stopped container from another root',
    steps: [
      ...(['boot.marked', 'boot.rootfs', 'boot.guest'] as const),
      ...(['start.prepared', 'start.running'] as const),
    ],
    prepare: (host, place) => importImage(host, place),
    run: bootSecond,
    restore: endBoot,
  },
  {
    name: 'kill a running container that has another root',
    steps: ['boot.removed', 'boot.unmarked'],
    prepare: async (host, place) => {
      await importImage(host, place)
      await bootSecond(host, place)
    },
    run: (host, _place, options) => host.containers.get('started').kill('SIGKILL', options),
    restore: endBoot,
  },
  {
    name: 'change a container that is stopped',
    steps: ['set.file', 'set.guest'],
    run: (host, _place, options) =>
      host.containers
        .get('base')
        .set({ memoryLimit: '96 MiB', hostname: 'changed.example' }, options),
    restore: async (host) => {
      await host.containers.get('base').set({ memoryLimit: '64 MiB' })
      await host.containers.get('base').unset('hostname')
    },
  },
  {
    name: 'change a container that runs',
    steps: ['set.limits', 'set.file', 'set.guest', 'set.lxc'],
    run: (host, _place, options) =>
      host.containers
        .get('live')
        .set({ memoryLimit: '96 MiB', hostname: 'changed.example' }, options),
    restore: async (host) => {
      await host.containers.get('live').set({ memoryLimit: '64 MiB' })
      await host.containers.get('live').unset('hostname')
    },
  },
  {
    name: 'replace the configuration of a container',
    steps: ['config.file', 'config.guest'],
    run: (host, _place, options) =>
      host.containers
        .get('base')
        .replaceConfig('distribution: busybox\nversion: "1"\nhostname: other.example\n', options),
    restore: remakeBase,
  },
  {
    name: 'start a container',
    steps: ['start.prepared', 'start.running'],
    run: (host, _place, options) => host.containers.get('started').start(options),
    restore: killStarted,
  },
  {
    name: 'exec in a container that is stopped',
    steps: ['start.prepared', 'start.running'],
    run: (host, _place, options) =>
      host.containers
        .get('started')
        .exec(['true'], { run: true, ...(options?.signal && { signal: options.signal }) }),
    fleeting: true,
    // When we are cut off before the program begins, it ends by itself.
    settle: async (host) => {
      const ct = host.containers.get('started')
      await ct.wait('stopped', { timeout: upTo(20_000) })
      await ct.record.programRun.settled()
    },
    restore: killStarted,
  },
  {
    name: 'stop a container',
    steps: ['stop.ended'],
    prepare: (host) => host.containers.get('started').start(),
    run: (host, _place, options) => host.containers.get('started').stop(options),
    restore: killStarted,
  },
  {
    name: 'restart a container',
    steps: ['stop.ended', 'start.prepared', 'start.running'],
    prepare: (host) => host.containers.get('started').start(),
    run: (host, _place, options) => host.containers.get('started').restart(options),
    // It is as it was before: it runs.
    fleeting: true,
    restore: killStarted,
  },
  {
    name: 'start an ephemeral container',
    // Not between them: what a first start leaves is there then.
    steps: ['ephemeral.marked', 'start.running'],
    prepare: makePassing,
    run: (host, _place, options) => host.containers.get('passing').start(options),
    restore: dropPassing,
  },
  {
    name: 'stop an ephemeral container',
    steps: ['stop.ended', 'delete.marked', 'delete.rootfs', 'delete.file', 'user-delete.file'],
    prepare: async (host) => {
      await makePassing(host)
      await host.containers.get('passing').start()
    },
    run: (host, _place, options) => host.containers.get('passing').stop(options),
    restore: dropPassing,
  },
  {
    name: 'create a user',
    steps: [...user, 'user.ids', 'user.file'],
    run: makeUser,
    restore: dropUser,
  },
  {
    name: 'delete a user',
    steps: ['user-delete.file', 'user-delete.ids', 'user-delete.cgroups', 'id-range.freed'],
    prepare: (host, place) => makeUser(host, place),
    run: (host, _place, options) => host.users.get('somebody').delete(options),
    restore: dropUser,
  },
  {
    name: 'create a group',
    steps: ['group.directory', 'group.file', 'group.cgroup'],
    run: makeGroup,
    restore: dropGroup,
  },
  {
    name: 'change a group',
    steps: ['group-set.limits', 'group-set.file'],
    prepare: (host, place) => makeGroup(host, place),
    run: (host, _place, options) =>
      host.groups.get('/some').set({ memoryLimit: '128 MiB' }, options),
    restore: dropGroup,
  },
  {
    name: 'delete a group',
    steps: ['group-delete.file', 'group-delete.directory', 'group-delete.cgroup'],
    prepare: (host, place) => makeGroup(host, place),
    run: (host, _place, options) => host.groups.get('/some').delete(options),
    restore: dropGroup,
  },
  {
    name: 'create an id-range',
    steps: ['id-range.file'],
    run: makeRange,
    restore: dropRange,
  },
  {
    name: 'delete an id-range',
    steps: ['id-range-delete.file'],
    prepare: (host, place) => makeRange(host, place),
    run: (host, _place, options) => host.idRanges.get('few').delete(options),
    restore: dropRange,
  },
  {
    name: 'import an image',
    steps: ['image.staging', 'image.unpacked', 'image.written', 'image.published'],
    run: importImage,
    restore: dropImage,
  },
  {
    name: 'delete an image',
    steps: ['image-delete.renamed', 'image-delete.removed'],
    prepare: (host, place) => importImage(host, place),
    run: (host, _place, options) =>
      host.images.delete(host.images.find({ distribution: 'second' }).id, options),
    restore: dropImage,
  },
  {
    name: 'import a pool',
    steps: ['import.locked', 'import.read', 'import.tidied', 'import.active'],
    fleeting: true,
    run: (host, { other: path }, options) => host.pools.import({ name: 'other', path }, options),
    restore: exportOther,
  },
  {
    name: 'export a pool',
    steps: ['export.released', 'export.cgroup'],
    fleeting: true,
    run: async (host, { other: path }, options) => {
      if (host.pools.find('other') === null) await host.pools.import({ name: 'other', path })
      await host.pools.export('other', options)
    },
    restore: exportOther,
  },
  {
    name: 'shut the host down',
    steps: ['shutdown.marked', 'shutdown.stopped', 'shutdown.exported', 'shutdown.finished'],
    run: shutDown,
    settle: async (host, place) => {
      if ((await host.shutdownState()) === 'unfinished') await shutDown(host, place)
    },
    restore: async (host) => {
      await host.abortShutdown()
      // With what a first start leaves.
      for (const id of ['started', 'live']) {
        const ct = host.containers.get(id)
        if (ct.state === 'stopped') await ct.start()
      }
      await killStarted(host)
    },
  },
  {
    name: 'install a pool',
    steps: ['install.layout', 'install.config', 'install.marker'],
    run: async (host, { third: path }, options) => {
      await host.pools.install({ name: 'third', path }, options)
      await host.pools.export('third')
    },
    settle: async (host, { third: path }) => {
      if (!existsSync(`${path}/osctl-pool.yml`)) return
      await host.pools.import({ name: 'third', path })
      await host.pools.export('third')
    },
    restore: async (host, { third }) => {
      if (host.pools.find('third') !== null) await host.pools.export('third')
      rmSync(third, { recursive: true, force: true })
    },
  },
]

/** Those that the pools of tests have. */
export const testedOperations = onZfs ? [...operations, ...zfsOperations] : operations
