// osctl group cgparams replace

import { replaceCgparams } from '../../../cgparams.js'
import { groups } from '../../../kinds.js'

export default replaceCgparams(groups)
