// Copies and other rootfs of containers, cut off after each step.
import { requires } from '../../helpers/requires.js'
import { walkSteps } from '../../helpers/step-walk.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkSteps(t, 'a stopped container', 'a running container')
