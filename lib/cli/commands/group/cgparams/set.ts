// osctl group cgparams set

import { setCgparam } from '../../../cgparams.js'
import { groups } from '../../../kinds.js'

export default setCgparam(groups)
