// What is compared: each case with our calls and with the `zfs` program, which take turns.
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { add, type Samples } from '../sample.js'
import { engine, timed, type Zpool } from './zpool.js'

export interface Case {
  readonly name: string
  /** One sample of each row. */
  round(samples: Samples, round: number): Promise<void>
}

const OURS = 'vpsadminos'
const properties = ['used', 'referenced', 'quota', 'refquota', 'compression', 'mountpoint']
const DATASETS = 500
const SNAPSHOTS = 100
const AT_ONCE = 20
const BELOW = ['data', 'data/deeper', 'log', 'mail']

/** Makes what all of them need. */
export async function casesOf(pool: Zpool): Promise<Case[]> {
  const zfs = await engine()
  await zfs.createDataset(pool.dataset('ct'), { canmount: 'off' })
  await zfs.createDataset(pool.dataset('many'), { canmount: 'off' })
  await mkdir(pool.path('many'))
  for (let index = 0; index < DATASETS; index++) {
    await zfs.createDataset(pool.dataset('ct', `c${index}`), { canmount: 'noauto' })
  }
  for (const name of ['c250', 'c251'].flatMap((id) => BELOW.map((below) => `${id}/${below}`))) {
    await zfs.createDataset(pool.dataset('ct', name), { canmount: 'noauto' })
  }
  const all = Array.from({ length: SNAPSHOTS }, (_, index) => pool.dataset('ct', `c${index}`))
  await zfs.createDataset(pool.dataset('origin'), { canmount: 'noauto' })
  await zfs.makeSnapshots([pool.dataset('origin@image')])

  const mountAt = async (dataset: string, path: string): Promise<void> => {
    await mkdir(path)
    await using mount = await zfs.Mount.create('zfs', { source: dataset })
    await mount.moveTo(path)
  }
  // As the mounts of a container are that runs: they keep their datasets open.
  for (const [index, below] of ['', ...BELOW].entries()) {
    const dataset = join(pool.dataset('ct/c250'), below)
    await mountAt(dataset, pool.path('many', `mount${index}`))
  }

  /** Made by one and destroyed by the same, under a name of its own. */
  const lifes = (
    name: string,
    make: (dataset: string) => Promise<void>,
    theirs: string[],
  ): Case => ({
    name,
    round: async (samples, round) => {
      const ours = pool.dataset('many', `ours${round}`)
      const path = pool.path('many', `ours${round}`)
      const other = pool.dataset('many', `theirs${round}`)
      const turns = [
        async () => {
          const made = await timed(() => make(ours))
          const mounted = await timed(() => mountAt(ours, path))
          add(samples, OURS, made + mounted)
          add(samples, 'of it, the transaction', made)
          const unmounted = await timed(() => zfs.umount(path))
          const destroyed = await timed(() => zfs.destroyDataset(ours))
          const gone = unmounted + destroyed + (await timed(() => rmdir(path)))
          add(samples, `${OURS}: destroy`, gone)
          add(samples, 'of it, the transaction of destroying', destroyed)
        },
        async () => {
          add(samples, `zfs ${theirs[0]}`, await pool.spawn([...theirs, other]))
          add(samples, 'zfs destroy', await pool.spawn(['destroy', other]))
        },
      ]
      if (round % 2 === 1) turns.reverse()
      for (const turn of turns) await turn()
    },
  })
  const list = (dataset: string, what: string): Case => ({
    name: `list ${what}, of ${DATASETS}`,
    round: async (samples) => {
      const name = pool.dataset(dataset)
      let found = 0
      const ours = await timed(async () => {
        found = (await zfs.listDatasets(name, { properties })).length
      })
      if (found !== 1 + BELOW.length) throw new Error(`${found} datasets of ${name}`)
      add(samples, OURS, ours)
      const columns = ['name', ...properties].join(',')
      add(samples, 'zfs list -r', await pool.spawn(['list', '-Hpr', '-o', columns, name]))
    },
  })
  return [
    list('ct/c250', 'a container that runs'),
    list('ct/c251', 'one that does not'),
    lifes('create and mount', (dataset) => zfs.createDataset(dataset), ['create']),
    lifes(
      'clone and mount',
      (dataset) => zfs.cloneSnapshot(pool.dataset('origin@image'), dataset),
      ['clone', pool.dataset('origin@image')],
    ),
    {
      name: `create and mount ${AT_ONCE} at once`,
      round: async (samples, round) => {
        const each = Array.from({ length: AT_ONCE }, (_, index) => index)
        const names = (who: string) => each.map((index) => `${who}${round}-${index}`)
        const ours = await timed(() =>
          Promise.all(
            names('ours').map(async (name) => {
              await zfs.createDataset(pool.dataset('many', name))
              await mountAt(pool.dataset('many', name), pool.path('many', name))
            }),
          ),
        )
        add(samples, OURS, ours)
        const theirs = names('theirs').map((name) => pool.dataset('many', name))
        const creates = theirs.map((name) => ['create', name])
        add(samples, `zfs create, ${AT_ONCE} at once`, await pool.spawnAtOnce(...creates))
        const gone = await timed(() =>
          Promise.all(
            names('ours').map(async (name) => {
              await zfs.umount(pool.path('many', name))
              await zfs.destroyDataset(pool.dataset('many', name))
              await rmdir(pool.path('many', name))
            }),
          ),
        )
        add(samples, `${OURS}: destroy`, gone)
        const destroys = theirs.map((name) => ['destroy', name])
        add(samples, `zfs destroy, ${AT_ONCE} at once`, await pool.spawnAtOnce(...destroys))
      },
    },
    {
      name: `snapshot of ${SNAPSHOTS} datasets`,
      round: async (samples, round) => {
        const names = (who: string) => all.map((dataset) => `${dataset}@${who}${round}`)
        const [ours, once, each] = [names('ours'), names('once'), names('each')]
        add(samples, OURS, await timed(() => zfs.makeSnapshots(ours)))
        add(samples, `zfs snapshot, ${SNAPSHOTS} names`, await pool.spawn(['snapshot', ...once]))
        const calls = each.map((name) => ['snapshot', name])
        add(samples, `zfs snapshot, ${SNAPSHOTS} times`, await pool.spawn(...calls))
        await zfs.destroySnapshots([...ours, ...once, ...each])
      },
    },
  ]
}
