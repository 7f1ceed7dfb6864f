// osctl ct unset hostname

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'host name', 'hostname')
