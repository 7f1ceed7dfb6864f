// osctl ct cgparams unset

import { unsetCgparam } from '../../../cgparams.js'
import { containers } from '../../../kinds.js'

export default unsetCgparam(containers)
