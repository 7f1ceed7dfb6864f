// Which of our code ran in the guests: what V8 counts, in the form in which c8 reports on it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { projectInGuest } from './lab.js'
import type { Machine } from './machine.js'
import { projectRoot } from './program.js'

const inGuest = '/tmp/coverage'

/** For the programs whose coverage is wanted; theirs begin with it too. */
export const coverageEnv = { NODE_V8_COVERAGE: inGuest }

interface Counts {
  result: { url: string }[]
  'source-map-cache'?: Record<string, unknown>
}

/** Takes over what was counted until now, with the paths of this machine. */
export async function collectCoverage(machine: Machine, directory: string): Promise<void> {
  const script = `cd ${inGuest} && for file in *.json; do cat "$file"; echo; done | gzip -1 | base64`
  const { code, stdout, stderr } = await machine.run(['sh', '-c', script])
  if (code !== 0) throw new Error(`no coverage: ${stderr}`)
  mkdirSync(directory, { recursive: true })
  for (const line of gunzipSync(Buffer.from(stdout, 'base64')).toString().split('\n')) {
    if (line === '') continue
    const counts = JSON.parse(line) as Counts
    counts.result = counts.result.filter(({ url }) => isOurs(url))
    for (const script of counts.result) script.url = ours(script.url)
    const maps = Object.entries(counts['source-map-cache'] ?? {}).filter(([url]) => isOurs(url))
    counts['source-map-cache'] = Object.fromEntries(maps.map(([url, map]) => [ours(url), map]))
    const name = `coverage-${process.pid}-${Date.now()}-${++count}.json`
    writeFileSync(join(directory, name), JSON.stringify(counts))
  }
}

let count = 0
const library = `file://${projectInGuest}/lib/`

function isOurs(url: string): boolean {
  return url.startsWith(library)
}

function ours(url: string): string {
  return `file://${join(projectRoot, 'lib', url.slice(library.length))}`
}
