// osctl group tree

import { command } from '../../command.js'
import { printTree } from '../../group-tree.js'

export default command({
  usage: 'POOL',
  summary: 'draw the groups of a pool below one another, with what is used in them',
  run: ([pool], _options, session) => printTree(session, pool, false),
})
