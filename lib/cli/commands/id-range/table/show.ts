// osctl id-range table show

import { command } from '../../../command.js'
import { at } from '../../../daemon-client.js'
import { UsageError } from '../../../errors.js'
import { BLOCK_COLUMNS } from '../../../id-range-columns.js'
import { Listing, showOptions, type Thing } from '../../../listing.js'
import { inPool } from '../../../session.js'
import { numberIn } from '../../../words.js'

type Run = Thing & { readonly blockIndex: number; readonly blockCount: number }

export default command({
  usage: 'NAME INDEX',
  summary: 'show whose a block is',
  options: showOptions,
  async run([name, index], options, session) {
    const listing = new Listing(BLOCK_COLUMNS, options)
    if (listing.printsNames(session)) return
    const wanted = numberIn(index, 'INDEX')
    const runs = await session.daemon.ask<readonly Run[]>(
      at`GET /id-ranges/${inPool(session, name)}/table`,
    )
    const run = runs.find(
      ({ blockIndex, blockCount }) => wanted >= blockIndex && wanted < blockIndex + blockCount,
    )
    if (run === undefined) throw new UsageError(`there is no block ${index}`)
    listing.printOne(session, run)
  },
})
