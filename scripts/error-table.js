// Writes the table of error codes into docs/errors.md, from the list in lib/errors.ts.
//
//   node scripts/error-table.js           rewrites it
//   node scripts/error-table.js --check   fails when it is not what it should be
import { readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { errorCodes } from 'vpsadminos'

const begin = '<!-- error codes: node scripts/error-table.js -->'
const page = 'docs/errors.md'
const end = '<!-- end of error codes -->'

const lines = Object.entries(errorCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
const table = ['| Code | Meaning |', '| --- | --- |', ...lines].join('\n')

const before = readFileSync(page, 'utf8')
const [head, rest] = before.split(begin)
const tail = rest?.split(end)[1]
if (head === undefined || tail === undefined) throw new Error(`${page} has no "${begin}"`)
const text = `${head}${begin}\n\n${table}\n\n${end}${tail}`
const style = await resolveConfig(page)
const after = await format(text, { ...style, parser: 'markdown' })
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error(
      `${page}: the error codes are not those of lib/errors.ts; run this without --check`,
    )
    process.exitCode = 1
  }
} else {
  writeFileSync(page, after)
}
