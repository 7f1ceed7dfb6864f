// osctl user map

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { UsageError } from '../../errors.js'
import { Listing, plain, showOptions } from '../../listing.js'
import { inPool } from '../../session.js'

const COLUMNS = plain('type', 'nsId', 'hostId', 'count')

interface Maps {
  readonly uidMap: readonly string[]
  readonly gidMap: readonly string[]
}

export default command({
  usage: 'NAME [WHICH]',
  summary: "show a user's map of ids; WHICH: uid, gid or both",
  options: showOptions,
  async run([name, which = 'both'], options, session) {
    if (!['uid', 'gid', 'both'].includes(which)) throw new UsageError('WHICH is uid, gid or both')
    const listing = new Listing(COLUMNS, options)
    if (listing.printsNames(session)) return
    const { uidMap, gidMap } = await session.daemon.ask<Maps>(
      at`GET /users/${inPool(session, name)}`,
    )
    const entries = (type: string, map: readonly string[]) =>
      which === 'both' || which === type
        ? map.map((entry) => {
            const [nsId, hostId, count] = entry.split(':').map(Number)
            return { type, nsId, hostId, count }
          })
        : []
    listing.print(session, [...entries('uid', uidMap), ...entries('gid', gidMap)])
  },
})
