// Which of our code ran in the guests: what V8 counts, in the form in which c8 reports on it. Tests run it
// as lib/ or as dist/, which has maps of where in lib/ it is.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { projectInGuest } from './lab.js'
import type { Machine } from './machine.js'
import { projectRoot } from './program.js'

const inGuest = '/tmp/coverage'

/** For the programs whose coverage is wanted; theirs begin with it too. */
export const coverageEnv = { NODE_V8_COVERAGE: inGuest }

/** Takes over what was counted until now, with the paths of this machine. */
export async function collectCoverage(machine: Machine, directory: string): Promise<void> {
  const script = `cd ${inGuest} && for file in *.json; do cat "$file"; echo; done | gzip -1 | base64`
  const packed = await machine.shell(script)
  mkdirSync(directory, { recursive: true })
  const text = gunzipSync(Buffer.from(packed, 'base64')).toString()
  // Scripts, source maps and what those are maps of have their names in there.
  for (const line of text.replaceAll(`file://${projectInGuest}/`, here).split('\n')) {
    if (line === '') continue
    const counts = JSON.parse(line) as { result: { url: string }[] }
    counts.result = counts.result.filter(({ url }) => ours.some((start) => url.startsWith(start)))
    const name = `coverage-${process.pid}-${Date.now()}-${++count}.json`
    writeFileSync(join(directory, name), JSON.stringify(counts))
  }
}

let count = 0
const here = pathToFileURL(projectRoot).href
const ours = [`${here}lib/`, `${here}dist/`]
