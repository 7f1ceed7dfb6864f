// osctl ct prlimits ls

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { Listing, plain, showOptions } from '../../../listing.js'
import { inPool } from '../../../session.js'

const COLUMNS = plain('name', 'soft', 'hard')

interface Shown {
  readonly prlimits: Readonly<Record<string, { readonly soft: unknown; readonly hard: unknown }>>
}

export default command({
  usage: 'ID [LIMITS...]',
  summary: "list limits of a container's processes",
  options: showOptions,
  async run([id, ...limits], options, session) {
    const listing = new Listing(COLUMNS, options, ['name', 'soft', 'hard'])
    if (listing.printsNames(session)) return
    const { prlimits } = await session.daemon.ask<Shown>(at`GET /containers/${inPool(session, id)}`)
    const all = Object.entries(prlimits).map(([name, { soft, hard }]) => ({ name, soft, hard }))
    listing.print(
      session,
      limits.length === 0 ? all : all.filter(({ name }) => limits.includes(name)),
    )
  },
})
