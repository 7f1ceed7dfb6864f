// osctl pool ls

import { command } from '../../command.js'
import { Listing, listOptions, type Thing } from '../../listing.js'
import { POOL_COLUMNS, USUAL_POOL_COLUMNS } from '../../pool-columns.js'

export default command({
  usage: '[POOLS...]',
  summary: 'list pools that are imported',
  options: listOptions,
  async run(names, options, session) {
    const listing = new Listing(POOL_COLUMNS, options, USUAL_POOL_COLUMNS)
    if (listing.printsNames(session)) return
    const all = await session.daemon.ask<readonly Thing[]>('GET /pools')
    listing.print(
      session,
      names.length === 0 ? all : all.filter(({ name }) => names.includes(String(name))),
    )
  },
})
