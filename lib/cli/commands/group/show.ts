// osctl group show

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { GROUP_COLUMNS } from '../../group-columns.js'
import { Listing, showOptions, type Thing } from '../../listing.js'
import { inPool } from '../../session.js'
import { askedStatistics } from '../../statistics.js'

export default command({
  usage: 'PATH',
  summary: 'show one group',
  options: showOptions,
  async run([path], options, session) {
    const listing = new Listing(GROUP_COLUMNS, options)
    if (listing.printsNames(session)) return
    const where = at`GET /groups/${inPool(session, path)}`
    const { stats: needed = false, ...query } = askedStatistics(session, listing)
    const [group, stats] = await Promise.all([
      session.daemon.ask<Thing>(where),
      needed ? session.daemon.ask<Thing>(`${where}/stats`, { query }) : null,
    ])
    listing.printOne(session, stats === null ? group : { ...group, stats })
  },
})
