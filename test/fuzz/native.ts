// The inputs that are kept for the native targets: none of them is a finding any more.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { corpus, fuzzTargets, targetsIn } from '../helpers/fuzz.js'
import { requires } from '../helpers/requires.js'

const t = requires('root', 'cgroup', 'fuzz targets')

for (const name of targetsIn('fuzz/native', '.cc', ['replay.cc'])) {
  t.test(name, async (t) => {
    const inputs = join(corpus, name)
    const count = readdirSync(inputs).length
    t.not(count, 0, 'there are some')
    const program = join(fuzzTargets, name)
    const printed = execFileSync(program, [inputs], { encoding: 'utf8', stdio: 'pipe' })
    t.equal(printed, `${count} inputs\n`)
  })
}
