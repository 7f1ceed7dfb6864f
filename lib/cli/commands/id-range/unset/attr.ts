// osctl id-range unset attr

import { unsetAttribute } from '../../../attributes.js'
import { idRanges } from '../../../kinds.js'

export default unsetAttribute(idRanges)
