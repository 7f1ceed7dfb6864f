// osctl id-range assets

import { assets } from '../../assets.js'
import { idRanges } from '../../kinds.js'

export default assets(idRanges)
