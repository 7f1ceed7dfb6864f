// osctl user set attr

import { setAttribute } from '../../../attributes.js'
import { users } from '../../../kinds.js'

export default setAttribute(users)
