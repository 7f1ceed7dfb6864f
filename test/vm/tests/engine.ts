// The engine's own tests on kernels of distributions: unified cgroup v2, AppArmor, LXC 5 and 6.
//
//   npm run test:vm -- test/lib/cgroup                     some of them
//   npm run test:vm -- --on debian-12 test/lib/cgroup      on one distribution
import { PassThrough } from 'node:stream'
import { availableParallelism } from 'node:os'
import type { Test } from 'tap'
import { collectCoverage, coverageEnv } from '../coverage.js'
import { chosen } from '../distribution.js'
import { engineFiles } from '../engine-files.js'
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'
import { report } from '../report.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)
t.jobs = Math.max(1, Math.floor(availableParallelism() / 2))

const limitMs = 12_000
const coverage = process.env['VM_COVERAGE']
const wanted = (process.env['VM_FILES'] ?? '').split(' ').filter(Boolean)
const files = engineFiles().filter(
  (file) =>
    wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`)),
)

/** What a file does not test where it runs, with its reasons. */
const skips = new Map<string, readonly string[]>()
const all: Promise<unknown>[] = []

t.ok(files.length > 0, 'there are files to run')
for (const distribution of chosen()) {
  const lab = await Lab.open({ distribution })
  t.teardown(() => lab[Symbol.asyncDispose]())
  t.comment(`${distribution}: Linux ${lab.hardware.image.release}, ${lab.accelerator.name}`)
  for (const file of files) {
    const name = `${file} on ${distribution}`
    all.push(t.test(name, { buffered: true }, (t) => inMachine(t, lab, file, name)))
  }
}
await Promise.all(all)
for (const file of files) tellDifferences(file)

/** Where the distributions do not run the same of it. */
function tellDifferences(file: string): void {
  const each = chosen().map((name) => skips.get(`${file} on ${name}`)?.join('; ') ?? '')
  if (new Set(each).size === 1) return
  for (const [index, name] of chosen().entries()) {
    t.comment(`${file} on ${name}: ${each[index] || 'nothing is skipped'}`)
  }
}

async function inMachine(t: Test, lab: Lab, file: string, name: string): Promise<void> {
  await using machine = await lab.machine()
  const module = `${projectInGuest}/${file.replace(/ts$/, 'js')}`
  const tap = new PassThrough()
  const assertions = t.stdin('in the guest', { tapStream: tap })
  const done = await report(machine, {
    // One that waits was not told to count.
    run: coverage === undefined ? { module } : ['node', module],
    cwd: projectInGuest,
    env: { ...lab.env, ...(coverage === undefined ? {} : coverageEnv) },
    limitMs: limitMs * lab.accelerator.timeFactor,
    onOutput: (data, stream) => void (stream === 'stdout' && tap.write(data)),
  })
  tap.end()
  await assertions
  skips.set(
    name,
    done.stdout.split('\n').flatMap((line) => / # (SKIP.*)/.exec(line)?.[1] ?? []),
  )
  console.error(`${name}: ${done.outcome} after ${Math.round(done.tookMs / 1000)} s`)
  if (coverage !== undefined && done.outcome !== 'panicked' && done.outcome !== 'gone') {
    await collectCoverage(machine, coverage)
  }
  t.equal(done.outcome, 'passed', `${file} ${done.outcome}: ${done.reason}`, {
    diagnostic: done.outcome !== 'passed',
    console: done.consoleTail.split('\n'),
    stderr: done.stderr.slice(-4000).split('\n'),
  })
}
