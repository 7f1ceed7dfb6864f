// The addon is loaded several times: by itself, as another file, and after it was forgotten.
import { child, clean } from '../helpers/child.js'
import { requires } from '../helpers/requires.js'

const t = requires('liblxc')

const find = `
  import { createRequire } from 'node:module'
  import { copyFileSync } from 'node:fs'
  load()
  const require = createRequire(import.meta.url)
  const file = Object.keys(require.cache).find((path) => path.endsWith('.node'))
  const copy = lxcPath + '/copy.node'
`

/** Two instances; neither takes the other's handles. */
const twoOf = (load: string): string => `${find}
  ${load}
  other.setErrors({})
  const mine = await native.lxc.open('web1', lxcPath)
  const theirs = await other.lxc.open('web1', lxcPath)
  for (const call of [() => native.lxc.state(theirs), () => other.lxc.state(mine)]) {
    try { call() } catch (error) { console.log(error.name) }
  }
  console.log(await native.lxc.state(mine), await other.lxc.state(theirs))
  console.log(other.features().lxc.path === native.features().lxc.path)`
const twoSaid = { ...clean, stdout: 'TypeError\nTypeError\nSTOPPED STOPPED\ntrue\n' }

t.test('required again, it is the same instance', async (t) => {
  const script = `${find} console.log(require(file) === load())`
  t.strictSame(await child(t, script), { ...clean, stdout: 'true\n' })
})

t.test('the same file after it was forgotten', async (t) => {
  const script = twoOf('delete require.cache[file]; const other = require(file)')
  t.strictSame(await child(t, script), twoSaid)
})

t.test('a copy of the file', async (t) => {
  const script = twoOf('copyFileSync(file, copy); const other = require(copy)')
  t.strictSame(await child(t, script), twoSaid)
})
