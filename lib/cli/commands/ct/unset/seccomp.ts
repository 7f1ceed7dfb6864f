// osctl ct unset seccomp

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'seccomp policy', 'seccompProfile')
