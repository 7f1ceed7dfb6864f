// osctl group cgparams unset

import { unsetCgparam } from '../../../cgparams.js'
import { groups } from '../../../kinds.js'

export default unsetCgparam(groups)
