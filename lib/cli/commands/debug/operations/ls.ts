// osctl debug operations ls

import { command } from '../../../command.js'
import { Listing, listOptions, plain, type Thing } from '../../../listing.js'

const COLUMNS = plain('id', 'call', 'command', 'since', 'progress')

export default command({
  summary: 'list what osctld is doing for clients',
  options: listOptions,
  async run(_args, options, session) {
    const listing = new Listing(COLUMNS, options)
    if (listing.printsNames(session)) return
    listing.print(session, await session.daemon.ask<readonly Thing[]>('GET /operations'))
  },
})
