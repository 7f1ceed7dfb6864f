// What is compared: each case with our calls and with the `zfs` program, which take turns.
import { mkdir, rmdir } from 'node:fs/promises'
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

/** Makes what all of them need. */
export async function casesOf(pool: Zpool): Promise<Case[]> {
  const zfs = await engine()
  await zfs.createDataset(pool.dataset('ct'), { canmount: 'off' })
  await zfs.createDataset(pool.dataset('many'), { canmount: 'off' })
  await mkdir(pool.path('many'))
  for (let index = 0; index < DATASETS; index++) {
    await zfs.createDataset(pool.dataset('ct', `c${index}`), { canmount: 'noauto' })
  }
  for (const name of ['data', 'data/deeper', 'log', 'mail']) {
    await zfs.createDataset(pool.dataset('ct/c250', name), { canmount: 'noauto' })
  }
  const all = Array.from({ length: SNAPSHOTS }, (_, index) => pool.dataset('ct', `c${index}`))
  await zfs.createDataset(pool.dataset('origin'), { canmount: 'noauto' })
  await zfs.makeSnapshots([pool.dataset('origin@image')])

  const mountAt = async (dataset: string, path: string): Promise<void> => {
    await mkdir(path)
    await using mount = await zfs.Mount.create('zfs', { source: dataset })
    await mount.moveTo(path)
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
          const made = await timed(async () => {
            await make(ours)
            await mountAt(ours, path)
          })
          add(samples, OURS, made)
          const gone = await timed(async () => {
            await zfs.umount(path)
            await zfs.destroyDataset(ours)
            await rmdir(path)
          })
          add(samples, `${OURS}: destroy`, gone)
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
  return [
    {
      name: `list one of ${DATASETS} with what is below it`,
      round: async (samples) => {
        const name = pool.dataset('ct/c250')
        let found = 0
        const ours = await timed(async () => {
          found = (await zfs.listDatasets(name, { properties })).length
        })
        if (found !== 5) throw new Error(`${found} datasets instead of 5`)
        add(samples, OURS, ours)
        const columns = ['name', ...properties].join(',')
        add(samples, 'zfs list -r', await pool.spawn(['list', '-Hpr', '-o', columns, name]))
      },
    },
    lifes('create and mount', (dataset) => zfs.createDataset(dataset), ['create']),
    lifes(
      'clone and mount',
      (dataset) => zfs.cloneSnapshot(pool.dataset('origin@image'), dataset),
      ['clone', pool.dataset('origin@image')],
    ),
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
