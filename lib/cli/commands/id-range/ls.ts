// osctl id-range ls

import { command } from '../../command.js'
import { RANGE_COLUMNS } from '../../id-range-columns.js'
import { Listing, listOptions, type Thing } from '../../listing.js'
import { tellOfPools, wantedOf } from '../../session.js'

export default command({
  usage: '[NAMES...]',
  summary: 'list ranges of ids',
  options: listOptions,
  async run(names, options, session) {
    const listing = new Listing(RANGE_COLUMNS, options)
    if (listing.printsNames(session)) return
    const all = await session.daemon.ask<readonly Thing[]>('GET /id-ranges')
    const shown = wantedOf(session, all, names)
    listing.print(session, shown)
    if (shown.length === 0) await tellOfPools(session, undefined)
  },
})
