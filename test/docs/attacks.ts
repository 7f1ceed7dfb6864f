// docs/attacks.md is whole: each section has its file, each row says something, no name is there twice.
import { existsSync, readdirSync } from 'node:fs'
import t from 'tap'
import { attacks } from '../helpers/attack-list.js'

t.ok(attacks.length >= 45, `${attacks.length} attacks`)
t.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length, 'each has a name of its own')
for (const { name, guest, outcome } of attacks) {
  t.ok(guest.length > 10 && outcome.length > 3, name)
}
const areas = new Set(attacks.map(({ area }) => area))
for (const area of areas) t.ok(existsSync(`test/attacks/${area}.ts`), area)
const files = readdirSync('test/attacks').filter((name) => name.endsWith('.ts'))
t.same(
  files.map((name) => name.replace('.ts', '')).sort(),
  [...areas].sort(),
  'each file has its section',
)
