// osctl user show

import { users } from '../../kinds.js'
import { show } from '../../show.js'
import { USER_COLUMNS } from '../../user-columns.js'

export default show(users, USER_COLUMNS, 'show one user')
