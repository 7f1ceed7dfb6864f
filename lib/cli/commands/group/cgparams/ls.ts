// osctl group cgparams ls

import { listCgparams } from '../../../cgparams.js'
import { groups } from '../../../kinds.js'

export default listCgparams(groups)
