// osctl ct set memory-limit

import { containers } from '../../../kinds.js'
import { setMemoryLimit } from '../../../limits.js'

export default setMemoryLimit(containers)
