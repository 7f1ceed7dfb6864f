// osctl group unset cpu-limit

import { groups } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(groups, 'limit of processor time', 'cpuLimit')
