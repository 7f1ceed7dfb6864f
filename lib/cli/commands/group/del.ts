// osctl group del

import { del } from '../../del.js'
import { groups } from '../../kinds.js'

export default del(groups, 'delete a group that has nothing in it')
