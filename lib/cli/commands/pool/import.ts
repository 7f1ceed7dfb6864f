// osctl pool import

import { command } from '../../command.js'
import { configuredPools } from '../../configured-pools.js'
import { UsageError } from '../../errors.js'

export default command({
  usage: '[POOL]',
  summary: 'take a pool into use',
  details:
    'One that the configuration of osctld names is found by its name; others are a zpool of that name, unless\n' +
    '--dataset or --path says where they are.',
  options: {
    all: { short: 'a', summary: 'all that the configuration of osctld names' },
    autostart: { short: 's', on: true, summary: 'start what is to be started by itself' },
    dataset: { value: 'DATASET', summary: 'where its files are, on ZFS' },
    path: { value: 'DIRECTORY', summary: 'where its files are, in a directory' },
  },
  async run([name], { all, autostart, dataset, path }, session) {
    if (all === (name !== undefined)) throw new UsageError('say which pool, or --all')
    const known = await configuredPools(session)
    const wanted = all
      ? known.filter(({ state }) => state !== 'active' && state !== 'importing')
      : known.filter(({ options }) => options.name === name)
    const elsewhere = dataset !== undefined || path !== undefined
    const bodies =
      all || (wanted.length > 0 && !elsewhere)
        ? wanted.map(({ options }) => options)
        : [path === undefined ? { name, driver: 'zfs', dataset } : { name, path }]
    for (const body of bodies) {
      session.tell(`Importing pool ${body.name}`)
      await session.daemon.ask('POST /pools/import', { query: { autostart }, body })
    }
  },
})
