// osctl user show

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { Listing, showOptions, type Thing } from '../../listing.js'
import { inPool } from '../../session.js'
import { USER_COLUMNS } from '../../user-columns.js'

export default command({
  usage: 'NAME',
  summary: 'show one user',
  options: showOptions,
  async run([name], options, session) {
    const listing = new Listing(
      USER_COLUMNS,
      USER_COLUMNS.map((column) => column.name),
      options,
    )
    if (listing.printsNames(session)) return
    listing.printOne(
      session,
      await session.daemon.ask<Thing>(at`GET /users/${inPool(session, name)}`),
    )
  },
})
