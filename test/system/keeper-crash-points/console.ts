// Consoles of containers, cut off at each step of who opens them.
import { walkKeeper } from '../../helpers/keeper-walk.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkKeeper(t, 'type on a console')
