// osctl ct assets

import { assets } from '../../assets.js'
import { containers } from '../../kinds.js'

export default assets(containers)
