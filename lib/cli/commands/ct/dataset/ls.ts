// osctl ct dataset ls

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { bytes } from '../../../humanize.js'
import { Listing, plain, showOptions, type Column, type Thing } from '../../../listing.js'
import { inPool } from '../../../session.js'

const sizes = [
  'used',
  'referenced',
  'available',
  'quota',
  'refquota',
  'reservation',
  'refreservation',
]
const COLUMNS: readonly Column[] = [
  ...plain('name', 'dataset'),
  ...sizes.map((name) => ({ name, of: name, shown: bytes, right: true as const })),
  ...plain('delegated', 'filesystemLimit', 'snapshotLimit'),
]

export default command({
  usage: 'ID [PROPERTIES...]',
  summary: 'list the datasets of a container, its own first',
  options: showOptions,
  async run([id, ...properties], options, session) {
    const listing = new Listing(COLUMNS, options, ['name', 'dataset', ...properties])
    if (listing.printsNames(session)) return
    const where = at`GET /containers/${inPool(session, id)}/datasets`
    listing.print(session, await session.daemon.ask<readonly Thing[]>(where))
  },
})
