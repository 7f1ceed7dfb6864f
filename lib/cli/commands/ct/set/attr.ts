// osctl ct set attr

import { setAttribute } from '../../../attributes.js'
import { containers } from '../../../kinds.js'

export default setAttribute(containers)
