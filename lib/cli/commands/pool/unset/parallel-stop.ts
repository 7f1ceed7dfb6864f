// osctl pool unset parallel-stop

import { pools } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(pools, 'number of those that are stopped at any time', 'parallelStop')
