// osctl group assets

import { assets } from '../../assets.js'
import { groups } from '../../kinds.js'

export default assets(groups)
