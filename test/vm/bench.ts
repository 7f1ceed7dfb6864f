// npm run bench -- zfs --vm: that bench in a machine which has ZFS. Under emulation only its ratios say something.
//
//   bench.ts DISTRIBUTION [OPTION]...
import { distributionNamed } from './distribution.js'
import { Lab, projectInGuest } from './lab.js'
import { report } from './report.js'

const limitMs = 60_000
// As every stock system has it: it costs what is compared to a program, and the lab's machines are booted without.
const randomAddresses = 'echo 2 >/proc/sys/kernel/randomize_va_space'
const [name = '', ...options] = process.argv.slice(2)
const distribution = distributionNamed(name)

process.exitCode = await bench()

async function bench(): Promise<number> {
  await using lab = await Lab.open({ distribution, zfs: true, processors: 2 })
  console.log(`${distribution}: Linux ${lab.hardware.image.release}, ${lab.accelerator.name}`)
  await using machine = await lab.machine()
  await machine.shell(randomAddresses)
  const done = await report(machine, {
    run: ['node', 'out/bench/zfs/main.js', ...options],
    cwd: projectInGuest,
    env: lab.env,
    limitMs: limitMs * lab.accelerator.timeFactor,
    onOutput: (data, stream) => void process[stream].write(data),
  })
  if (done.outcome === 'passed') return 0
  console.error(`The bench ${done.outcome}: ${done.reason}\n${done.consoleTail}`)
  return 1
}
