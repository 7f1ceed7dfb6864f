// osctl user ls

import { command } from '../../command.js'
import { UsageError } from '../../errors.js'
import { Listing, listOptions, type Thing } from '../../listing.js'
import { tellOfPools, wantedOf } from '../../session.js'
import { USER_COLUMNS, USUAL_USER_COLUMNS } from '../../user-columns.js'
import { listIn } from '../../words.js'

export default command({
  usage: '[NAMES...]',
  summary: 'list users, each of which is a map of ids',
  options: {
    ...listOptions,
    pool: { value: 'POOLS', summary: 'of these pools' },
    registered: { summary: 'those that can be used' },
    unregistered: { summary: 'those that cannot' },
  },
  async run(names, options, session) {
    const { registered, unregistered } = options
    if (registered && unregistered) throw new UsageError('--registered or --unregistered')
    const listing = new Listing(USER_COLUMNS, options, USUAL_USER_COLUMNS)
    if (listing.printsNames(session)) return
    const all = await session.daemon.ask<readonly Thing[]>('GET /users')
    const shown = wantedOf(session, all, names, listIn(options.pool)).filter(
      ({ conflict }) => (!registered || conflict === null) && (!unregistered || conflict !== null),
    )
    listing.print(session, shown)
    if (shown.length === 0) await tellOfPools(session, listIn(options.pool))
  },
})
