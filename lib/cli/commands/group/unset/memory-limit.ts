// osctl group unset memory-limit

import { groups } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(groups, 'limits of memory and swap', 'memoryLimit', 'swapLimit')
