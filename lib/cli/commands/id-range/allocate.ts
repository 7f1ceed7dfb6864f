// osctl id-range allocate

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { BLOCK_COLUMNS } from '../../id-range-columns.js'
import { Listing, showOptions, type Thing } from '../../listing.js'
import { inPool } from '../../session.js'
import { numberIn } from '../../words.js'

const USUAL = ['block_index', 'block_count', 'owner']

export default command({
  usage: 'NAME',
  summary: 'take blocks of it, and print which ones',
  options: {
    ...showOptions,
    'block-count': { value: 'COUNT', summary: 'how many in a row; default 1' },
    'block-index': { value: 'INDEX', summary: 'where; default: the first place where they fit' },
    owner: { value: 'NAME', summary: 'whose they are' },
  },
  async run([name], options, session) {
    const listing = new Listing(BLOCK_COLUMNS, options, USUAL)
    if (listing.printsNames(session)) return
    const { 'block-count': count, 'block-index': index, owner } = options
    const body = {
      owner,
      ...(count === undefined ? {} : { blockCount: numberIn(count, '--block-count', 1) }),
      ...(index === undefined ? {} : { blockIndex: numberIn(index, '--block-index') }),
    }
    const where = at`POST /id-ranges/${inPool(session, name)}/allocate`
    listing.printOne(session, await session.daemon.ask<Thing>(where, { body }))
  },
})
