// Ends and reboots that are cut off at each of the keeper's steps.
import { walkKeeper } from '../../helpers/keeper-walk.js'
import { requires } from '../../helpers/requires.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkKeeper(t, 'kill', 'reboot')
