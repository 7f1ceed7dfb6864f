// osctl ct unset pids-limit

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'limit of processes', 'pidsLimit')
