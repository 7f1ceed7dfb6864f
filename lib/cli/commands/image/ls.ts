// osctl image ls

import { command } from '../../command.js'
import { bytes } from '../../humanize.js'
import { Listing, listOptions, plain, type Thing } from '../../listing.js'

const COLUMNS = [
  ...plain('id', 'source', 'vendor', 'variant', 'arch', 'distribution', 'version', 'entries'),
  { name: 'size', of: 'size', shown: bytes, right: true as const },
  ...plain('digest', 'root', 'importedAt'),
]

export default command({
  summary: 'list images that containers are made from',
  options: { ...listOptions, pool: { value: 'POOL', summary: 'of this pool; default: of all' } },
  async run(_args, options, session) {
    const listing = new Listing(COLUMNS, options, [
      'id',
      'vendor',
      'variant',
      'arch',
      'distribution',
      'version',
      'size',
    ])
    if (listing.printsNames(session)) return
    const pool = options.pool ?? session.pool
    listing.print(
      session,
      await session.daemon.ask<readonly Thing[]>('GET /images', { query: { pool } }),
    )
  },
})
