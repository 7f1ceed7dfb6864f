// osctl ct unset init-cmd

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'program of init', 'initCmd')
