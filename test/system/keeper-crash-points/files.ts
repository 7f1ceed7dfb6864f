// Files of containers, cut off at each step.
import { walkKeeper } from '../../helpers/keeper-walk.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkKeeper(
  t,
  'push into one that runs',
  'push into one that is stopped',
  'pull',
  'set a hostname',
)
