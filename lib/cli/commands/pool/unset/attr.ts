// osctl pool unset attr

import { unsetAttribute } from '../../../attributes.js'
import { pools } from '../../../kinds.js'

export default unsetAttribute(pools)
