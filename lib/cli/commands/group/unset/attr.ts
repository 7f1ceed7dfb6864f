// osctl group unset attr

import { unsetAttribute } from '../../../attributes.js'
import { groups } from '../../../kinds.js'

export default unsetAttribute(groups)
