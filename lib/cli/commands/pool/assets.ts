// osctl pool assets

import { assets } from '../../assets.js'
import { pools } from '../../kinds.js'

export default assets(pools)
