// osctl ct ls

import { command } from '../../command.js'
import { CONTAINER_COLUMNS, USUAL_CONTAINER_COLUMNS } from '../../container-columns.js'
import { Listing, listOptions, type Thing } from '../../listing.js'
import { inPool } from '../../session.js'
import { askedFields, askedStatistics } from '../../statistics.js'

export default command({
  usage: '[IDS...]',
  summary: 'list containers',
  details:
    'Nothing is read of the kernel but what the columns need; without statistics, nothing at all.',
  options: {
    ...listOptions,
    pool: { value: 'POOLS', summary: 'in these pools' },
    user: { short: 'u', value: 'NAMES', summary: 'of these users' },
    group: { short: 'g', value: 'PATHS', summary: 'in these groups' },
    state: { short: 'S', value: 'STATES', summary: 'in these states' },
    distribution: { short: 'd', value: 'NAMES', summary: 'of these distributions' },
    version: { short: 'v', value: 'VERSIONS', summary: 'of these versions of them' },
  },
  async run(ids, options, session) {
    const listing = new Listing(CONTAINER_COLUMNS, options, USUAL_CONTAINER_COLUMNS)
    if (listing.printsNames(session)) return
    const { pool, user, group, state, distribution, version } = options
    const things = await session.daemon.ask<readonly Thing[]>('GET /containers', {
      query: {
        ids: ids.length === 0 ? null : ids.map((id) => inPool(session, id)).join(','),
        pool: pool ?? session.pool,
        ...{ user, group, state, distribution, version },
        ...askedFields(session, listing),
        ...askedStatistics(session, listing),
      },
    })
    listing.print(session, things)
  },
})
