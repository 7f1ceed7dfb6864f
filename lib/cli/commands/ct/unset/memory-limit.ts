// osctl ct unset memory-limit

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'limits of memory and swap', 'memoryLimit', 'swapLimit')
