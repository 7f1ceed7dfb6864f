// osctl ct cgparams replace

import { replaceCgparams } from '../../../cgparams.js'
import { containers } from '../../../kinds.js'

export default replaceCgparams(containers)
