// osctl user del

import { del } from '../../del.js'
import { users } from '../../kinds.js'

export default del(users, 'delete a user that has no containers')
