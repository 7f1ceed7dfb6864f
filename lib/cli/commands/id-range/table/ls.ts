// osctl id-range table ls

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { BLOCK_COLUMNS } from '../../../id-range-columns.js'
import { Listing, listOptions, type Thing } from '../../../listing.js'
import { inPool } from '../../../session.js'

export default command({
  usage: 'NAME [TYPE]',
  summary: 'list which blocks are whose; TYPE: all, allocated or free',
  options: listOptions,
  async run([name, type], options, session) {
    const listing = new Listing(BLOCK_COLUMNS, options)
    if (listing.printsNames(session)) return
    const where = at`GET /id-ranges/${inPool(session, name)}/table`
    listing.print(session, await session.daemon.ask<readonly Thing[]>(where, { query: { type } }))
  },
})
