// The floor: bare system calls that do the same visible work.
import { cgroupRoots } from '../cgroups.js'
import type { Place } from '../place.js'
import type { Row } from '../row.js'
import { firstId, memoryLimit } from './oci-config.js'

export function floorRow(place: Place): Row {
  const cgroup = `${cgroupRoots.floor}/floor`
  return {
    who: 'floor',
    stopWho: 'floor',
    execWho: 'floor',
    async start() {
      const args = [place.rootfs, cgroup, String(firstId), String(memoryLimit)]
      const [begin, init] = await place.measure('start', args)
      return { begin, init }
    },
    async stop({ init }) {
      const [begin, end] = await place.measure('stop', [String(init), cgroup])
      return { begin, end }
    },
    async exec({ init }) {
      const [begin, end] = await place.measure('exec', [String(init), cgroup, '/bin/true'])
      return { begin, end }
    },
  }
}
