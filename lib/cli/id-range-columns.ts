// The columns of ranges of ids, and of the tables in them.

import { plain, type Column } from './listing.js'

export const RANGE_COLUMNS = plain(
  'pool',
  'name',
  'startId',
  'lastId',
  'blockSize',
  'blockCount',
  'allocated',
  'free',
)

export const BLOCK_COLUMNS: readonly Column[] = [
  // Blocks that were just allocated do not say so.
  { name: 'type', needs: [], of: ({ type }) => type ?? 'allocated' },
  ...plain('blockIndex', 'blockCount', 'owner', 'firstId', 'lastId'),
  {
    name: 'id_count',
    needs: ['firstId', 'lastId'],
    of: ({ firstId, lastId }) => Number(lastId) - Number(firstId) + 1,
  },
]
