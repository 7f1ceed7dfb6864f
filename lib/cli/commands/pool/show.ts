// osctl pool show

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { Listing, showOptions, type Thing } from '../../listing.js'
import { POOL_COLUMNS } from '../../pool-columns.js'

export default command({
  usage: 'POOL',
  summary: 'show one pool',
  options: showOptions,
  async run([pool], options, session) {
    const listing = new Listing(
      POOL_COLUMNS,
      POOL_COLUMNS.map(({ name }) => name),
      options,
    )
    if (listing.printsNames(session)) return
    listing.printOne(session, await session.daemon.ask<Thing>(at`GET /pools/${pool}`))
  },
})
