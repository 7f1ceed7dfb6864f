// osctl ct unset ephemeral

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'deletion when it stops', 'ephemeral')
