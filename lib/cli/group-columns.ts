// The columns of `group ls` and `group show`.

import { bytes } from './humanize.js'
import { plain, type Column } from './listing.js'
import { statistics } from './statistics.js'

export const GROUP_COLUMNS: readonly Column[] = [
  ...plain('pool'),
  { name: 'name', of: 'path' },
  ...plain('path'),
  { name: 'full_path', of: 'cgroup' },
  { name: 'cpu_limit', of: 'cpuLimit', right: true },
  { name: 'memory_limit', of: 'memoryLimit', shown: bytes, right: true },
  { name: 'swap_limit', of: 'swapLimit', shown: bytes, right: true },
  ...plain('containers'),
  ...statistics,
]
export const USUAL_GROUP_COLUMNS = ['pool', 'name', 'memory', 'cpu_us']
