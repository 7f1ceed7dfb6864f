// Machines that are restored from one state are not one to Linux: it begins its random numbers anew in each, or programs
// of two of them would have the same.
import { setTimeout as sleep } from 'node:timers/promises'
import { requires } from '../../helpers/requires.js'
import { upTo } from '../../helpers/time.js'
import { chosen } from '../distribution.js'
import { Lab } from '../lab.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)

for (const distribution of chosen()) {
  t.test(distribution, async (t) => {
    await using lab = await Lab.open({ distribution })
    await using machine = await lab.machine()
    const builtIn = await machine.shell('cat /usr/lib/modules/$(uname -r)/modules.builtin')
    if (!builtIn.includes('vmgenid')) {
      t.pass('random numbers', { skip: `${lab.hardware.image.release} has no vmgenid` })
      return
    }
    const until = Date.now() + upTo(1000)
    let said = ''
    while (!said.includes('virtual machine fork') && Date.now() < until) {
      said = await machine.shell('dmesg')
      await sleep(100)
    }
    t.match(said, /crng reseeded due to virtual machine fork/)
  })
}
