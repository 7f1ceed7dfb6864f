// The steps of what makes another rootfs on a pool of ZFS.
import { requires } from '../../helpers/requires.js'
import { walkStepsOnZfs } from '../../helpers/step-walk.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkStepsOnZfs(t, 'a stopped container', 'a running container')
