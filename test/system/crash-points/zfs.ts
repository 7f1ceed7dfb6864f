// The steps of what is done to containers on a pool of ZFS.
import { requires } from '../../helpers/requires.js'
import { walkStepsOnZfs } from '../../helpers/step-walk.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkStepsOnZfs(t, 'a container', 'an ephemeral container')
