// osctl ct unset raw lxc

import { containers } from '../../../../kinds.js'
import { unset } from '../../../../limits.js'

export default unset(containers, 'own lines of LXC configuration', 'rawLxc')
