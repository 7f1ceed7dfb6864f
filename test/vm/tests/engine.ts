// The engine's own tests on kernels of distributions: unified cgroup v2, AppArmor, LXC 5 and 6.
//
//   npm run test:vm -- test/lib/cgroup                     some of them
//   npm run test:vm -- --on debian-12 test/lib/cgroup      on one distribution
import { PassThrough } from 'node:stream'
import type { Test } from 'tap'
import { collectCoverage, coverageEnv } from '../coverage.js'
import { chosen, type DistributionName } from '../distribution.js'
import { engineFiles, isWalk, needsZfs, onFirstOnly, onZfsToo } from '../engine-files.js'
import { requires } from '../../helpers/requires.js'
import { Lab, projectInGuest } from '../lab.js'
import type { Machine } from '../machine.js'
import { report } from '../report.js'
import { skipsIn, whyNothing, withoutBail } from '../tap-output.js'

const t = requires('root', 'qemu', 'mmdebstrap')
t.setTimeout(0)
t.jobs = Number(process.env['VM_JOBS'] ?? 1)

// The longest take a third of it with nothing else to do. Of the walks of all steps, the longest took a seventh of theirs in
// directories, and more than half on ZFS.
const limitMs = (file: string): number => (isWalk(file) ? 120_000 : 30_000)
const coverage = process.env['VM_COVERAGE']
const wanted = (process.env['VM_FILES'] ?? '').split(' ').filter(Boolean)
const files = engineFiles(wanted)
/** The engine, beforehand: one more restoring, loading and saving. Who is asked what ran does not wait. */
const loaded = files.length > 5 && coverage === undefined
/** `dir` or `zfs`: only what has its pools there; empty: both. */
const storage = process.env['VM_STORAGE'] ?? ''

/** On a file of the machine's own disk; nothing of it is mounted. */
async function makeZpool(machine: Machine, name: string): Promise<void> {
  await machine.shell('truncate -s 2G /tmp/zpool')
  await machine.shell(`zpool create -m none -O canmount=off ${name} /tmp/zpool`)
}

/** What a file does not test where it runs, with its reasons. */
const skips = new Map<string, readonly string[]>()
/** Those whose first machine panicked. */
const again: string[] = []
const all: Promise<unknown>[] = []

/** Null when there is none, which is one failure: the others are tested nevertheless. */
async function opened(distribution: DistributionName, zfs: boolean): Promise<Lab | null> {
  try {
    const lab = await Lab.open({ distribution, zfs, loaded })
    t.teardown(() => lab[Symbol.asyncDispose]())
    return lab
  } catch (error) {
    t.fail(`${distribution}${zfs ? ' with ZFS' : ''} cannot be tested: ${String(error)}`)
    return null
  }
}

const twice = (file: string, index: number) => index === 0 && storage !== 'dir' && onZfsToo(file)

// All of them first: a suite whose tests have ended while the next lab is being built has ended itself.
const labs = await Promise.all(
  chosen().map(async (distribution, index) => {
    const zfs = files.some((file) => needsZfs(file) || twice(file, index))
    const plain = opened(distribution, false)
    const [lab, withZfs] = await Promise.all([plain, zfs ? opened(distribution, true) : plain])
    if (lab !== null) {
      console.error(`${distribution}: Linux ${lab.hardware.image.release}, ${lab.accelerator.name}`)
    }
    return { distribution, lab, withZfs }
  }),
)

// What takes long is begun first: begun last, it would be alone with all processors.
const inTurn = [...files.filter(isWalk), ...files.filter((file) => !isWalk(file))]
for (const [index, { distribution, lab, withZfs }] of labs.entries()) {
  const run = (file: string, where: Lab | null, dataset: string | null) => {
    if (where === null) return
    const name = `${file} on ${distribution}${dataset === null ? '' : ' with pools of ZFS'}`
    all.push(
      t.test(name, { buffered: true }, (t) => inMachine(t, { file, name, lab: where, dataset })),
    )
  }
  for (const file of inTurn.filter((file) => index === 0 || !onFirstOnly(file))) {
    if (needsZfs(file)) run(file, withZfs, null)
    else if (storage !== 'zfs') run(file, lab, null)
    if (twice(file, index)) run(file, withZfs, 'lab')
  }
}
await Promise.all(all)
for (const file of files.filter((file) => !onFirstOnly(file))) tellDifferences(file)
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

interface Run {
  readonly file: string
  readonly name: string
  readonly lab: Lab
  /** Where its pools are; null: in directories. */
  readonly dataset: string | null
}

async function inMachine(t: Test, run: Run): Promise<void> {
  if (await ran(t, run, run.lab.accelerator.name === 'tcg')) return
  // Emulated processors kill a kernel now and then. A file that does it has it die twice.
  again.push(run.name)
  await ran(t, run, false)
}

/** False when it is to be run again. */
async function ran(t: Test, run: Run, mayPanic: boolean): Promise<boolean> {
  const { file, name, lab, dataset } = run
  await using machine = await lab.machine()
  // As systemd does it: what is mounted while a keeper runs is to be seen by it, as pools of ZFS are.
  if (dataset !== null || needsZfs(file)) await machine.shell('mount --make-rshared /')
  if (dataset !== null) await makeZpool(machine, dataset)
  const module = `${projectInGuest}/${file.replace(/ts$/, 'js')}`
  const done = await report(machine, {
    // One that waits was not told to count.
    run: coverage === undefined ? { module } : ['node', module],
    cwd: projectInGuest,
    env: {
      ...lab.env,
      ...(dataset === null ? {} : { TEST_DATASET: dataset }),
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
