// osctl pool show

import { pools } from '../../kinds.js'
import { POOL_COLUMNS } from '../../pool-columns.js'
import { show } from '../../show.js'

export default show(pools, POOL_COLUMNS, 'show one pool')
