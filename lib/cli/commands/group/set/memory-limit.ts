// osctl group set memory-limit

import { groups } from '../../../kinds.js'
import { setMemoryLimit } from '../../../limits.js'

export default setMemoryLimit(groups)
