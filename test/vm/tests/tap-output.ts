// A file that has tested nothing in a machine is not taken for one that has passed there.
import { spawnSync } from 'node:child_process'
import t from 'tap'
import { projectRoot } from '../program.js'
import { skipsIn, whyNothing, withoutBail } from '../tap-output.js'

function said(script: string): string {
  const args = ['--input-type=module', '-e', `import t from 'tap'\n${script}`]
  return spawnSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' }).stdout
}

t.equal(whyNothing(said("t.plan(0, 'no such thing')")), 'no such thing', 'it says why')
t.equal(whyNothing(said('t.plan(0)')), '', 'it does not say why')
t.equal(whyNothing(said('process.exit(0)')), '', 'it ended before its first test')
const some = said(
  "t.pass('a'); t.pass('b', { skip: 'no such thing' }); t.test('c', (t) => t.plan(0))",
)
t.equal(whyNothing(some), null, 'it has tested something')
t.same(skipsIn(some), ['SKIP no such thing'])

const bailed = said("t.test('a', (t) => t.bailout('stuck')); t.test('b', (t) => t.end())")
t.match(bailed, /^Bail out! stuck$/m)
t.notMatch(withoutBail(bailed), /^ *Bail out!/m)
t.match(withoutBail(bailed), /^not ok - gave up: stuck$/m)
