// osctl pool unset parallel-start

import { pools } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(pools, 'number of those that are started at any time', 'parallelStart')
