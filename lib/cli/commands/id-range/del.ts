// osctl id-range del

import { del } from '../../del.js'
import { idRanges } from '../../kinds.js'

export default del(idRanges, 'delete a range that nobody has ids of')
