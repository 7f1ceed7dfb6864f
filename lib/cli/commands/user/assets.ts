// osctl user assets

import { assets } from '../../assets.js'
import { users } from '../../kinds.js'

export default assets(users)
