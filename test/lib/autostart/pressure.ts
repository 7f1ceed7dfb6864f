// What the kernel says of who has to wait.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { PressureMeter } from '../../../dist/autostart/pressure.js'

const psi = existsSync('/proc/pressure/cpu')

t.test(
  'more programs than processors have to wait for one',
  { skip: !psi && 'no PSI' },
  async (t) => {
    const meter = new PressureMeter()
    t.equal(meter.look(), null, 'since nothing yet')
    const busy = Array.from({ length: 2 * availableParallelism() + 1 }, () =>
      spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
    )
    try {
      await sleep(1500)
      const pressure = meter.look()
      t.ok(pressure !== null && pressure.cpu > 0.2 && pressure.cpu <= 1, JSON.stringify(pressure))
      t.ok(pressure !== null && pressure.io >= 0 && pressure.memory >= 0)
    } finally {
      for (const child of busy) child.kill('SIGKILL')
    }
  },
)
