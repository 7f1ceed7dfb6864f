// osctl ct unset attr

import { unsetAttribute } from '../../../attributes.js'
import { containers } from '../../../kinds.js'

export default unsetAttribute(containers)
