// osctl ct unset cpu-limit

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'limit of processor time', 'cpuLimit')
