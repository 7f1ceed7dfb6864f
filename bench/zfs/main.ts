// `npm run bench -- zfs`: what is done with ZFS, by its library and by its program, in one run.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readMachine } from '../machine.js'
import { caseResult, table, type Report } from '../report.js'
import type { Samples } from '../sample.js'
import { casesOf } from './cases.js'
import { Zpool } from './zpool.js'

const { values } = parseArgs({
  options: {
    samples: { type: 'string', short: 'n', default: '20' },
    json: { type: 'string' },
  },
})
const count = Number(values.samples)
if (!Number.isInteger(count) || count < 1) throw new TypeError(`-n ${values.samples}: not a count`)

const report: Report = { machine: readMachine(), cases: [] }
const pool = await Zpool.make()
try {
  for (const one of await casesOf(pool)) {
    const samples: Samples = new Map()
    for (let index = 0; index < count; index++) await one.round(samples, index)
    const result = caseResult(one.name, 'ms', samples)
    report.cases.push(result)
    const base = result.rows.find(({ who }) => who === 'vpsadminos')
    console.log(`${table(result, base === undefined ? [] : [base.who])}\n`)
  }
} finally {
  await pool.remove()
}
if (values.json !== undefined) {
  await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)
}
