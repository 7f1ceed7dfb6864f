// osctl id-range set attr

import { setAttribute } from '../../../attributes.js'
import { idRanges } from '../../../kinds.js'

export default setAttribute(idRanges)
