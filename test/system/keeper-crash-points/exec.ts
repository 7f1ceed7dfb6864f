// Programs in containers, cut off at each step of those who enter.
import { walkKeeper } from '../../helpers/keeper-walk.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkKeeper(t, 'exec', 'spawn on a terminal')
