// osctl id-range show

import { RANGE_COLUMNS } from '../../id-range-columns.js'
import { idRanges } from '../../kinds.js'
import { show } from '../../show.js'

export default show(idRanges, RANGE_COLUMNS, 'show one range of ids')
