// osctl debug locks ls

import { command } from '../../../command.js'
import { Listing, listOptions, plain, type Thing } from '../../../listing.js'

const COLUMNS = plain('resource', 'holder', 'label', 'mode', 'ageMs', 'pid', 'waiters')

export default command({
  summary: 'list which operation holds what, and who waits for it',
  options: { ...listOptions, verbose: { short: 'v', summary: 'with those who wait' } },
  async run(_args, options, session) {
    const usual = COLUMNS.map(({ name }) => name).slice(0, options.verbose ? undefined : -1)
    const listing = new Listing(COLUMNS, options, usual)
    if (listing.printsNames(session)) return
    listing.print(session, await session.daemon.ask<readonly Thing[]>('GET /host/locks'))
  },
})
