// osctl ct cgparams set

import { setCgparam } from '../../../cgparams.js'
import { containers } from '../../../kinds.js'

export default setCgparam(containers)
