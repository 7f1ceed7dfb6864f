// osctl pool set attr

import { setAttribute } from '../../../attributes.js'
import { pools } from '../../../kinds.js'

export default setAttribute(pools)
