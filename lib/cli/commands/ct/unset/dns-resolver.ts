// osctl ct unset dns-resolver

import { containers } from '../../../kinds.js'
import { unset } from '../../../limits.js'

export default unset(containers, 'name servers', 'dnsResolvers')
