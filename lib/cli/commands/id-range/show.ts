// osctl id-range show

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { RANGE_COLUMNS } from '../../id-range-columns.js'
import { Listing, showOptions, type Thing } from '../../listing.js'
import { inPool } from '../../session.js'

export default command({
  usage: 'NAME',
  summary: 'show one range of ids',
  options: showOptions,
  async run([name], options, session) {
    const listing = new Listing(
      RANGE_COLUMNS,
      RANGE_COLUMNS.map((column) => column.name),
      options,
    )
    if (listing.printsNames(session)) return
    listing.printOne(
      session,
      await session.daemon.ask<Thing>(at`GET /id-ranges/${inPool(session, name)}`),
    )
  },
})
