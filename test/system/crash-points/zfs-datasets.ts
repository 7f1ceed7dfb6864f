// The steps of what is done to the datasets of a container.
import { requires } from '../../helpers/requires.js'
import { walkStepsOnZfs } from '../../helpers/step-walk.js'

const t = requires('root', 'zfs', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkStepsOnZfs(t, 'a dataset', 'a snapshot')
