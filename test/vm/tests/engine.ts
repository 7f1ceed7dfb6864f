// The engine's own tests in a Debian 13 with its stock kernel: unified cgroup v2, AppArmor, LXC 6.
//
//   npm run test:vm -- test/lib/cgroup      some of them
import { PassThrough } from 'node:stream'
import { availableParallelism } from 'node:os'
import type { Test } from 'tap'
import { engineFiles } from '../engine-files.js'
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'
import { report } from '../report.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)
t.jobs = Math.max(1, Math.floor(availableParallelism() / 2))

const limitMs = 12_000
const wanted = (process.env['VM_FILES'] ?? '').split(' ').filter(Boolean)
const files = engineFiles().filter(
  (file) =>
    wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`)),
)

const lab = await Lab.open()
t.teardown(() => lab[Symbol.asyncDispose]())
t.comment(`accelerator: ${lab.accelerator.name}`)

for (const file of files) t.test(file, { buffered: true }, (t) => inMachine(t, file))
t.ok(files.length > 0, 'there are files to run')

async function inMachine(t: Test, file: string): Promise<void> {
  await using machine = await lab.machine()
  const tap = new PassThrough()
  const assertions = t.stdin('in the guest', { tapStream: tap })
  const done = await report(machine, {
    run: { module: `${projectInGuest}/${file.replace(/ts$/, 'js')}` },
    cwd: projectInGuest,
    env: lab.env,
    limitMs: limitMs * lab.accelerator.timeFactor,
    onOutput: (data, stream) => void (stream === 'stdout' && tap.write(data)),
  })
  tap.end()
  await assertions
  t.equal(done.outcome, 'passed', `${file} ${done.outcome}: ${done.reason}`, {
    diagnostic: done.outcome !== 'passed',
    console: done.consoleTail.split('\n'),
    stderr: done.stderr.slice(-4000).split('\n'),
  })
}
