// osctl ct unset autostart

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'start by itself', 'autostart')
