// osctl ct cgparams ls

import { listCgparams } from '../../../cgparams.js'
import { containers } from '../../../kinds.js'

export default listCgparams(containers)
