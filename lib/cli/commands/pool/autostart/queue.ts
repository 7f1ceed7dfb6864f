// osctl pool autostart queue

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { Listing, plain, showOptions, type Thing } from '../../../listing.js'

const COLUMNS = plain('id', 'priority', 'state', 'waitsFor', 'error', 'ageMs')

export default command({
  usage: 'POOL',
  summary: 'list what waits to be started by itself',
  options: showOptions,
  async run([pool], options, session) {
    const listing = new Listing(COLUMNS, options, ['id', 'priority'])
    if (listing.printsNames(session)) return
    listing.print(
      session,
      await session.daemon.ask<readonly Thing[]>(at`GET /pools/${pool}/autostart`),
    )
  },
})
