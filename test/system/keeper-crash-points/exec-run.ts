// A program in a container that is started for it, cut off on the way there and back.
import { walkKeeper } from '../../helpers/keeper-walk.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkKeeper(t, 'exec in one that is stopped')
