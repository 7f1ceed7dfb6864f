// osctl user unset attr

import { unsetAttribute } from '../../../attributes.js'
import { users } from '../../../kinds.js'

export default unsetAttribute(users)
