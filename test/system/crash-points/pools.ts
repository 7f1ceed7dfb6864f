// Pools, images and the host as a whole, cut off after each step of what is done to them.
import { requires } from '../../helpers/requires.js'
import { walkSteps } from '../../helpers/step-walk.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkSteps(t, 'an image', 'a pool', 'the host')
