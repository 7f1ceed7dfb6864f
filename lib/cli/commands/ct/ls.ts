// osctl ct ls

import { command } from '../../command.js'
import { CONTAINER_COLUMNS, USUAL_CONTAINER_COLUMNS } from '../../container-columns.js'
import { containerFilters, containersMeant } from '../../container-filters.js'
import { Listing, listOptions } from '../../listing.js'
import { tellOfPools } from '../../session.js'
import { askedFields, askedStatistics } from '../../statistics.js'
import { listIn } from '../../words.js'

export default command({
  usage: '[IDS...]',
  summary: 'list containers',
  details:
    'Nothing is read of the kernel but what the columns need; without statistics, nothing at all.',
  options: { ...listOptions, ...containerFilters },
  async run(ids, options, session) {
    const listing = new Listing(CONTAINER_COLUMNS, options, USUAL_CONTAINER_COLUMNS)
    if (listing.printsNames(session)) return
    const things = await containersMeant(session, ids, options, {
      ...askedFields(session, listing),
      ...askedStatistics(session, listing),
    })
    listing.print(session, things)
    if (things.length === 0) await tellOfPools(session, listIn(options.pool))
  },
})
