// osctl debug locks show

import { command } from '../../../command.js'
import { Listing, plain, showOptions, type Thing } from '../../../listing.js'

const COLUMNS = plain('resource', 'holder', 'label', 'mode', 'ageMs', 'pid', 'waiters')

export default command({
  usage: 'RESOURCE...',
  summary: 'show who holds one lock, and who waits for it',
  details: 'RESOURCE is what `osctl debug locks ls` calls it: container tank:web1.',
  options: showOptions,
  async run(words, options, session) {
    const listing = new Listing(COLUMNS, options)
    if (listing.printsNames(session)) return
    const resource = words.join(' ')
    const locks = await session.daemon.ask<readonly Thing[]>('GET /host/locks')
    const held = locks.filter((lock) => lock.resource === resource)
    if (held.length === 0) throw new Error(`nobody holds ${resource}`)
    // One that several share has a holder each.
    for (const lock of held) listing.printOne(session, lock)
  },
})
