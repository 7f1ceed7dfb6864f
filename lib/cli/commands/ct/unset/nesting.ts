// osctl ct unset nesting

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'permission to run containers', 'nesting')
