// osctl ct mounts ls

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { Listing, plain, showOptions, type Thing } from '../../../listing.js'
import { inPool } from '../../../session.js'

const COLUMNS = [
  ...plain('dataset', 'mountpoint'),
  { name: 'type', needs: [], of: () => 'bind' },
  {
    name: 'opts',
    needs: ['readonly'],
    of: ({ readonly }: Thing) => `bind,create=dir,${readonly === true ? 'ro' : 'rw'}`,
  },
  ...plain('automount'),
]

export default command({
  usage: 'ID',
  summary: 'list where a container sees datasets of its own',
  options: showOptions,
  async run([id], options, session) {
    const listing = new Listing(COLUMNS, options)
    if (listing.printsNames(session)) return
    const where = at`GET /containers/${inPool(session, id)}/mounts`
    listing.print(session, await session.daemon.ask<readonly Thing[]>(where))
  },
})
