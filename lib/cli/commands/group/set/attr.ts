// osctl group set attr

import { setAttribute } from '../../../attributes.js'
import { groups } from '../../../kinds.js'

export default setAttribute(groups)
