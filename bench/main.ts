// `npm run bench`: our starts, stops and execs beside those of others, in one run, taking turns.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { cgroupRoots, removeCgroups, sweep } from './cgroups.js'
import { execs } from './exec.js'
import { loopDelays } from './loop-delay.js'
import { readMachine } from './machine.js'
import { type Options, readOptions, usage } from './options.js'
import { Place } from './place.js'
import { type Report, caseResult, isolationTable, table } from './report.js'
import type { Row } from './row.js'
import { floorRow } from './rows/floor.js'
import { lxcRows } from './rows/lxc.js'
import { ociRow } from './rows/oci.js'
import { openEngine } from './rows/vpsadminos.js'
import type { Rhythm } from './sample.js'
import { cycles } from './start.js'

const cancel = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(name, () => cancel.abort(new Error(`stopped by ${name}`)))

async function main(options: Options): Promise<void> {
  await sweep()
  const place = await Place.make()
  const warm = options.cold ? null : spawn(place.program('warm'), { stdio: ['ignore', 'pipe', 2] })
  try {
    if (warm?.stdout) await once(warm.stdout, 'data')
    const report = await compare(place, options)
    if (options.json !== null) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  } finally {
    warm?.kill()
    for (const root of Object.values(cgroupRoots)) await removeCgroups(root)
    await place.remove()
  }
}

async function compare(place: Place, options: Options): Promise<Report> {
  await using engine = await openEngine(place)
  try {
    const rows = [
      engine.row,
      floorRow(place),
      ...(await lxcRows(place, engine.configured)),
      ...(await ociRows(place)),
    ]
    const { only, samples, cold } = options
    const wanted = rows.filter(
      ({ who }) => only.length === 0 || only.some((name) => who.startsWith(name)),
    )
    const rhythm = { samples, pause: cold ? 100 : 20, signal: cancel.signal }
    return await measure(wanted, rhythm, options)
  } finally {
    // The engine removes the directory that one of them stands on.
    await place.unmount()
  }
}

async function measure(rows: Row[], rhythm: Rhythm, { cases, cold }: Options): Promise<Report> {
  const machine = readMachine()
  const report: Report = { machine, cases: [] }
  console.log(
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  )
  console.log(`cgroup lock ${cold ? 'cold: a pause of 100 ms before each sample' : 'kept warm'}\n`)

  if (cases.includes('start') || cases.includes('stop')) {
    const { start, stop, memory, isolation } = await cycles(rows, rhythm)
    if (cases.includes('start')) {
      report.cases.push(caseResult('start', 'ms', start))
      const ours = rows.find(({ who }) => who.startsWith('vpsadminos'))
      if (ours) {
        const few = { ...rhythm, samples: Math.min(20, rhythm.samples) }
        report.cases.push(caseResult('event-loop-delay', 'ms', await loopDelays(ours, few)))
      }
      report.cases.push(caseResult('monitor-memory', 'kB private', memory))
      console.log(`${isolationTable(isolation)}\n`)
    }
    if (cases.includes('stop')) report.cases.push(caseResult('stop', 'ms', stop))
  }
  if (cases.includes('exec')) report.cases.push(caseResult('exec', 'ms', await execs(rows, rhythm)))

  const bases = [
    'floor',
    'lxc-start +newuidmap',
    'lxc-start, lxc-stop',
    'lxc-attach',
    'floor, idle',
  ]
  for (const result of report.cases) console.log(`${table(result, bases)}\n`)
  return report
}

async function ociRows(place: Place): Promise<Row[]> {
  const rows: Row[] = []
  for (const [name, program] of [
    ['crun', '/usr/bin/crun'],
    ['runc', '/usr/sbin/runc'],
  ] as const) {
    if (existsSync(program)) rows.push(await ociRow(place, name, program))
    else console.error(`no ${name} row: ${program} is missing`)
  }
  return rows
}

try {
  await main(readOptions(process.argv.slice(2)))
} catch (error) {
  const { aborted } = cancel.signal
  if (error instanceof TypeError) console.error(`${error.message}\n${usage}`)
  // A terminal interrupts the programs of a row, too, which then fail: that is not the news.
  else console.error(aborted ? String(cancel.signal.reason) : error)
  process.exitCode = aborted ? 130 : 1
}
