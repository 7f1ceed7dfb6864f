// osctl pool ls

import { command } from '../../command.js'
import { configuredPools } from '../../configured-pools.js'
import { Listing, listOptions, type Thing } from '../../listing.js'
import { POOL_COLUMNS, USUAL_POOL_COLUMNS } from '../../pool-columns.js'

export default command({
  usage: '[POOLS...]',
  summary: 'list pools that are imported',
  details:
    'Those of the configuration of osctld that are not in use yet, or failed, are told of on the standard error.',
  options: listOptions,
  async run(names, options, session) {
    const listing = new Listing(POOL_COLUMNS, options, USUAL_POOL_COLUMNS)
    if (listing.printsNames(session)) return
    const all = await session.daemon.ask<readonly Thing[]>('GET /pools')
    listing.print(
      session,
      names.length === 0 ? all : all.filter(({ name }) => names.includes(String(name))),
    )
    if (session.quiet || session.json) return
    for (const { state, error, ...pool } of await configuredPools(session)) {
      const { name } = pool.options
      if (names.length > 0 && !names.includes(name)) continue
      if (state === 'importing') session.tell(`pool '${name}' is being imported`)
      if (state === 'failed') session.tell(`pool '${name}' failed: ${error?.message}`)
    }
  },
})
