// osctl ct netif ls

import { command } from '../../../command.js'
import { Listing, listOptions, plain } from '../../../listing.js'
import { inPool } from '../../../session.js'
import { listIn } from '../../../words.js'

const COLUMNS = plain('pool', 'ctid', 'name', 'type', 'link', 'hwaddr')

interface Shown {
  readonly pool: string
  readonly id: string
  readonly netif: { readonly type: string; readonly link: string | null } | null
}

export default command({
  usage: '[ID]',
  summary: 'list network interfaces of containers',
  options: {
    ...listOptions,
    link: { short: 'l', value: 'BRIDGES', summary: 'on these bridges' },
    type: { short: 't', value: 'TYPES', summary: 'of these types' },
  },
  async run([id], options, session) {
    const usual = COLUMNS.map(({ name }) => name).slice(id === undefined ? 0 : 2)
    const listing = new Listing(COLUMNS, options, usual)
    if (listing.printsNames(session)) return
    const all = await session.daemon.ask<readonly Shown[]>('GET /containers', {
      query: { ids: id === undefined ? null : inPool(session, id), fields: 'pool,id,netif' },
    })
    const [links, types] = [listIn(options.link), listIn(options.type)]
    const interfaces = all.flatMap(({ pool, id: ctid, netif }) =>
      netif === null ? [] : [{ pool, ctid, ...netif }],
    )
    listing.print(
      session,
      interfaces.filter(
        ({ link, type }) =>
          (links?.includes(link ?? '') ?? true) && (types?.includes(type) ?? true),
      ),
    )
  },
})
