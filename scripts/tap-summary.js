// Passes on of TAP streams, one after another, what people want to see, and counts: `passed failed skipped` in a file.
//
//   tap --reporter=tap | node scripts/tap-summary.js FILE
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'

const [file = 'out/tap-counts'] = process.argv.slice(2)
/** @type {Record<string, number>} */
const counts = { total: 0, pass: 0, fail: 0, skip: 0, todo: 0 }
let detail = false
/** How the lines end that say more of a failure, blank ones among them; null outside of those. */
let end = /** @type {string | null} */ (null)

for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
  if (end !== null) {
    console.log(line)
    if (line === end) end = null
    continue
  }
  // tap's own count of all assertions, those of subtests included.
  const total = /^# \{ (total: .*) \}$/.exec(line)
  if (total !== null) {
    for (const [, name = '', count] of line.matchAll(/(\w+): (\d+)/g)) {
      counts[name] = (counts[name] ?? 0) + Number(count)
    }
    continue
  }
  const point = /^( *)(not )?ok \d+(.*)$/.exec(line)
  if (point !== null) {
    const [, indent, bad] = point
    const skip = / # SKIP/i.test(line)
    detail = bad !== undefined
    if (detail || skip || indent === '') console.log(line)
  } else if (detail && /^ *---$/.test(line)) {
    end = line.replace('---', '...')
    console.log(line)
  } else if (/^ *(# Subtest|1\.\.\d|# time=|TAP version|\}?$)/.test(line)) {
    detail = false
  } else if (detail || !/^ /.test(line)) {
    console.log(line)
  }
}

mkdirSync(dirname(file), { recursive: true })
const { pass = 0, fail = 0, skip = 0, todo = 0 } = counts
writeFileSync(file, `${pass} ${fail} ${skip + todo}\n`)
