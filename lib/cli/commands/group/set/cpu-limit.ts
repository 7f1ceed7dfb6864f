// osctl group set cpu-limit

import { groups } from '../../../kinds.js'
import { setCpuLimit } from '../../../limits.js'

export default setCpuLimit(groups)
