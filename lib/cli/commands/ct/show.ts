// osctl ct show

import { command } from '../../command.js'
import { CONTAINER_COLUMNS } from '../../container-columns.js'
import { at } from '../../daemon-client.js'
import { Listing, showOptions, type Thing } from '../../listing.js'
import { inPool } from '../../session.js'
import { askedStatistics } from '../../statistics.js'

export default command({
  usage: 'ID',
  summary: 'show one container',
  options: showOptions,
  async run([id], options, session) {
    const listing = new Listing(CONTAINER_COLUMNS, options)
    if (listing.printsNames(session)) return
    const reference = inPool(session, id)
    const { stats: needed = false, ...figures } = askedStatistics(session, listing)
    const [shown, stats] = await Promise.all([
      session.daemon.ask<Thing>(at`GET /containers/${reference}`),
      needed
        ? session.daemon.ask<Thing>('GET /stats', { query: { containers: reference, ...figures } })
        : null,
    ])
    listing.printOne(session, { ...shown, stats: stats?.[reference] ?? null })
  },
})
