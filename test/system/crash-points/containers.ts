// Containers, cut off after each step of what is done to them.
import { requires } from '../../helpers/requires.js'
import { walkSteps } from '../../helpers/step-walk.js'

const t = requires('root', 'userns', 'liblxc', 'cgroup', 'busybox', 'tar')
await walkSteps(t, 'a container', 'an ephemeral container')
