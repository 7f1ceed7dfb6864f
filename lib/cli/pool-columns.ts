// The columns of `pool ls` and `pool show`.

import { plain } from './listing.js'

export const POOL_COLUMNS = plain(
  'name',
  'dataset',
  'state',
  'users',
  'groups',
  'containers',
  'parallelStart',
  'parallelStop',
  'driver',
  'path',
  'cloneMode',
  'lxcPath',
)
export const USUAL_POOL_COLUMNS = ['name', 'dataset', 'state', 'users', 'groups', 'containers']
