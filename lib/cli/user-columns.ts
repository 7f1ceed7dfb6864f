// The columns of `user ls` and `user show`.

import { plain, type Column } from './listing.js'

export const USER_COLUMNS: readonly Column[] = [
  ...plain('pool', 'name'),
  // There are no system users: one can be used unless its ids are another one's.
  { name: 'registered', needs: ['conflict'], of: ({ conflict }) => conflict === null },
  ...plain('standalone', 'uidMap', 'gidMap', 'containers', 'conflict'),
]
export const USUAL_USER_COLUMNS = ['pool', 'name', 'registered', 'standalone']
