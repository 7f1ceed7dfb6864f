// osctl group ls

import { command } from '../../command.js'
import { GROUP_COLUMNS, USUAL_GROUP_COLUMNS } from '../../group-columns.js'
import { Listing, listOptions, type Thing } from '../../listing.js'
import { tellOfPools, wantedOf } from '../../session.js'
import { askedStatistics } from '../../statistics.js'
import { listIn } from '../../words.js'

export default command({
  usage: '[PATHS...]',
  summary: 'list groups, with what all in each of them use together',
  options: { ...listOptions, pool: { value: 'POOLS', summary: 'of these pools' } },
  async run(paths, options, session) {
    const listing = new Listing(GROUP_COLUMNS, options, USUAL_GROUP_COLUMNS)
    if (listing.printsNames(session)) return
    const all = await session.daemon.ask<readonly Thing[]>('GET /groups', {
      query: askedStatistics(session, listing),
    })
    const shown = wantedOf(session, all, paths, listIn(options.pool))
    listing.print(session, shown)
    if (shown.length === 0) await tellOfPools(session, listIn(options.pool))
  },
})
