// The engine's own tests on kernels of distributions: unified cgroup v2, AppArmor, LXC 5 and 6.
//
//   npm run test:vm -- test/lib/cgroup                     some of them
//   npm run test:vm -- --on debian-12 test/lib/cgroup      on one distribution
import { PassThrough } from 'node:stream'
import type { Test } from 'tap'
import { collectCoverage, coverageEnv } from '../coverage.js'
import { chosen } from '../distribution.js'
import { isWalk, onFirstOnly } from '../engine-files.js'
import { engineRuns, type EngineRun } from '../engine-runs.js'
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'
import type { Machine } from '../machine.js'
import { report } from '../report.js'
import { skipsIn, whyNothing, withoutBail } from '../tap-output.js'
import { Turns } from '../turns.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)
const turns = new Turns(Number(process.env['VM_JOBS'] ?? 1), Number(process.env['VM_ROOM'] ?? 1))
// Which of them run is a matter of turns.
t.jobs = Infinity

// The longest take a third of it with nothing else to do. Of the walks of all steps, the longest took a seventh of theirs in
// directories, and more than half on ZFS.
const limitMs = (file: string): number => (isWalk(file) ? 120_000 : 30_000)
const coverage = process.env['VM_COVERAGE']
const paths = (process.env['VM_FILES'] ?? '').split(' ').filter(Boolean)
const storage = (process.env['VM_STORAGE'] || null) as 'dir' | 'zfs' | null
const runs = engineRuns({ distributions: chosen(), paths, storage })

/** On a file of the machine's own disk; nothing of it is mounted. */
async function makeZpool(machine: Machine, name: string): Promise<void> {
  await machine.shell('truncate -s 2G /tmp/zpool')
  await machine.shell(`zpool create -m none -O canmount=off ${name} /tmp/zpool`)
}

/** What a file does not test where it runs, with its reasons. */
const skips = new Map<string, readonly string[]>()
/** Those whose first machine panicked. */
const again: string[] = []

const kindOf = ({ distribution, zfs, processors }: EngineRun): string =>
  `${distribution}${zfs ? ' with ZFS' : ''}, ${processors === 1 ? 'a processor' : `${processors} processors`}`

/** Null when there is none, which is one failure: the others are tested nevertheless. */
async function opened(run: EngineRun): Promise<Lab | null> {
  const kind = kindOf(run)
  // The engine, beforehand: one more restoring, loading and saving. Who is asked what ran does not wait.
  const many = runs.filter((other) => kindOf(other) === kind).length > 5
  const loaded = many && coverage === undefined
  try {
    const lab = await Lab.open({ ...run, loaded })
    t.teardown(() => lab[Symbol.asyncDispose]())
    console.error(`${kind}: Linux ${lab.hardware.image.release}, ${lab.accelerator.name}`)
    return lab
  } catch (error) {
    t.fail(`${kind}: cannot be tested: ${String(error)}`)
    return null
  }
}

// All of them first: a suite whose tests have ended while the next lab is being built has ended itself.
const kinds = new Map(runs.map((run) => [kindOf(run), run]))
const labs = new Map(
  await Promise.all([...kinds].map(async ([kind, run]) => [kind, await opened(run)] as const)),
)
const all: Promise<unknown>[] = []
for (const run of runs) {
  const lab = labs.get(kindOf(run)) ?? null
  if (lab === null) continue
  const where = run.zpool === null ? '' : ' with pools of ZFS'
  const name = `${run.file} on ${run.distribution}${where}`
  all.push(t.test(name, { buffered: true }, (t) => inMachine(t, { ...run, name, lab })))
}
await Promise.all(all)
for (const file of new Set(runs.map(({ file }) => file))) {
  if (!onFirstOnly(file)) tellDifferences(file)
}
for (const name of again) console.error(`${name}: was run again, as its first machine panicked`)

/** Where the distributions do not run the same of it. */
function tellDifferences(file: string): void {
  const told = chosen()
    .map((name) => `${file} on ${name}`)
    .filter((name) => skips.has(name))
    .map((name) => ({ name, skipped: skips.get(name)?.join('; ') ?? '' }))
  if (new Set(told.map(({ skipped }) => skipped)).size <= 1) return
  for (const { name, skipped } of told) {
    console.error(`${name}: ${skipped || 'nothing is skipped'}`)
  }
}

interface Run extends EngineRun {
  readonly name: string
  readonly lab: Lab
}

async function inMachine(t: Test, run: Run): Promise<void> {
  if (await ran(t, run, run.lab.accelerator.name === 'tcg')) return
  // Emulated processors kill a kernel now and then. A file that does it has it die twice.
  again.push(run.name)
  await ran(t, run, false)
}

/** False when it is to be run again. */
async function ran(t: Test, run: Run, mayPanic: boolean): Promise<boolean> {
  const { file, name, lab, zfs, zpool } = run
  using _turn = await turns.begin()
  await using machine = await lab.machine()
  // As systemd does it: what is mounted while a keeper runs is to be seen by it, as pools of ZFS are.
  if (zfs) await machine.shell('mount --make-rshared /')
  if (zpool !== null) await makeZpool(machine, zpool)
  const module = `${projectInGuest}/${file.replace(/ts$/, 'js')}`
  const done = await report(machine, {
    // One that waits was not told to count.
    run: coverage === undefined ? { module } : ['node', module],
    cwd: projectInGuest,
    env: {
      ...lab.env,
      ...(zpool === null ? {} : { TEST_DATASET: zpool }),
      ...(coverage === undefined ? {} : coverageEnv),
    },
    limitMs: limitMs(file) * lab.accelerator.timeFactor,
  })
  console.error(`${name}: ${done.outcome} after ${Math.round(done.tookMs / 1000)} s`)
  if (mayPanic && done.outcome === 'panicked') {
    console.error(`${done.reason}\n${done.consoleTail}`)
    return false
  }
  t.equal(done.outcome, 'passed', `${file} ${done.outcome}: ${done.reason}`, {
    diagnostic: done.outcome !== 'passed',
    console: done.consoleTail.split('\n'),
    stderr: done.stderr.slice(-4000).split('\n'),
  })
  const nothing = done.outcome === 'passed' ? whyNothing(done.stdout) : null
  if (nothing === null) {
    const tap = new PassThrough()
    tap.end(withoutBail(done.stdout))
    await t.stdin('in the guest', { tapStream: tap })
    skips.set(name, skipsIn(done.stdout))
  } else if (nothing === '') {
    t.fail(`${file} has tested nothing`)
  } else {
    t.pass(`${file} tests nothing there`, { skip: nothing })
    skips.set(name, [nothing])
  }
  if (coverage !== undefined && (done.outcome === 'passed' || done.outcome === 'failed')) {
    await collectCoverage(machine, coverage)
  }
  return true
}
