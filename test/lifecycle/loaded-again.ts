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

t.test('the same file is the same addon', async (t) => {
  const script = `${find}
    const again = require(file)
    console.log(again === load())
    delete require.cache[file]
    const ct = await native.lxc.open('web1', lxcPath)
    const fresh = require(file)
    fresh.setErrors({})
    console.log(fresh === again, await fresh.lxc.state(ct), await native.lxc.state(ct))`
  t.strictSame(await child(t, script), { ...clean, stdout: 'true\nfalse STOPPED STOPPED\n' })
})

t.test('a copy has types of its own, so that handles are not mixed up', async (t) => {
  const script = `${find}
    copyFileSync(file, copy)
    const other = require(copy)
    other.setErrors({})
    const mine = await native.lxc.open('web1', lxcPath)
    const theirs = await other.lxc.open('web1', lxcPath)
    for (const call of [() => native.lxc.state(theirs), () => other.lxc.state(mine)]) {
      try { call() } catch (error) { console.log(error.name) }
    }
    console.log(await native.lxc.state(mine), await other.lxc.state(theirs))`
  const { stdout, ...rest } = await child(t, script)
  t.strictSame(rest, { code: 0, signal: null, stderr: '' })
  t.equal(stdout, 'TypeError\nTypeError\nSTOPPED STOPPED\n')
})
