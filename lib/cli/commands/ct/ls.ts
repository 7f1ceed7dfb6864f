// osctl ct ls

import { tellOfBroken } from '../../broken-containers.js'
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
    'Nothing is read of the kernel but what the columns need; without statistics, nothing at all.\n' +
    'Containers whose files cannot be used are in no list: they are told of on the standard error.',
  options: { ...listOptions, ...containerFilters },
  async run(ids, options, session) {
    const listing = new Listing(CONTAINER_COLUMNS, options, USUAL_CONTAINER_COLUMNS)
    if (listing.printsNames(session)) return
    const things = await containersMeant(session, ids, options, {
      ...askedFields(session, listing),
      ...askedStatistics(session, listing),
    })
    listing.print(session, things)
    const pools = listIn(options.pool)
    if (things.length === 0) await tellOfPools(session, pools)
    // Who is named and cannot be listed is an error already.
    if (ids.length === 0) await tellOfBroken(session, pools)
  },
})
