// osctl ct set cpu-limit

import { containers } from '../../../kinds.js'
import { setCpuLimit } from '../../../limits.js'

export default setCpuLimit(containers)
