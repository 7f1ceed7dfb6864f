// `npm run bench -- program-run`: one program in a container that is stopped, started for it alone, beside a start
// with its own init, the program, and an end.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Host } from 'vpsadminos'
import { readMachine } from './machine.js'
import { busyboxRoot } from './osctl/busybox-root.js'
import { caseResult, table } from './report.js'

const { values } = parseArgs({
  options: { samples: { type: 'string', short: 'n', default: '50' }, json: { type: 'string' } },
})

const directory = mkdtempSync(join(tmpdir(), 'program-run-'))
try {
  await using host = await Host.temporary()
  const path = busyboxRoot(join(directory, 'busybox'))
  await host.images.import({ path, distribution: 'busybox', version: '1' })
  const ct = await host.containers.create({ id: 'one', image: { distribution: 'busybox' } })
  const program = ['/bin/busybox', 'true']
  const rows: [string, () => Promise<unknown>][] = [
    ['exec with run', () => ct.exec(program, { run: true })],
    [
      'start, exec, kill',
      async () => {
        await ct.start()
        await ct.exec(program)
        await ct.kill()
      },
    ],
    [
      'start, exec, stop',
      async () => {
        await ct.start()
        await ct.exec(program)
        await ct.stop()
      },
    ],
  ]
  const samples = new Map(rows.map(([name]) => [name, [] as number[]]))
  for (let sample = -2; sample < Number(values.samples); sample++) {
    for (const [name, run] of rows) {
      const begin = performance.now()
      await run()
      if (sample >= 0) samples.get(name)?.push(performance.now() - begin)
    }
  }
  const [machine, result] = [readMachine(), caseResult('program-run', 'ms', samples)]
  console.log(`${JSON.stringify(machine)}\n\n${table(result, ['exec with run'])}`)
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, cases: [result] }, null, 2)}\n`)
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
